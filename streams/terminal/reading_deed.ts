/** The commands with which a person decides about a reading: the same in everything but the deed. */
import { inIndia } from "../../protocol/indian_time.ts";
import { type Command, UsageError } from "./command.ts";
import { givenDeed } from "./given_deed.ts";
import { givenId } from "./given_id.ts";
import { givenMoment } from "./given_moment.ts";
import { decideAboutMany, isMany, MANY_HELP, MANY_OPTIONS } from "./reading_many.ts";

interface Given {
  readonly deed: "approve" | "edit" | "substitute" | "reject";
  readonly summary: string;
  /** What it does, with an example. */
  readonly help: string;
}

interface DecidedOnWire {
  readonly meter_id: string;
  readonly read_at: string;
  readonly value_wh: number | null;
  readonly requeued: readonly { readonly account_id: string; readonly period: string }[];
}

/** The command of one deed. */
export function readingDeed({ deed, summary, help }: Given): Command {
  const hasValue = deed === "edit" || deed === "substitute";
  const mayBeMany = deed === "approve" || deed === "reject";
  return {
    name: `reading ${deed}`,
    summary,
    positionals: {
      usage: mayBeMany ? "[METER TIME]" : "METER TIME",
      ...{ min: mayBeMany ? 0 : 2, max: 2 },
    },
    options: {
      ...(hasValue &&
        { kwh: { type: "string", placeholder: "KWH", help: "What the register showed" } }),
      ...(mayBeMany && MANY_OPTIONS),
      reason: { type: "string", placeholder: "TEXT", help: "Why: kept in the audit trail" },
      json: { type: "boolean", help: "One JSON document" },
    },
    help: `${help}

TIME is Indian time, as samay reading list shows it, or ISO 8601 with an offset. Cycles that were
parked on a reading of this meter look for their reading again.${mayBeMany ? MANY_HELP : ""}`,
    async run(given) {
      const { values, positionals: [meter, time] } = given;
      if (mayBeMany && isMany(given)) return await decideAboutMany(deed, given);
      const input = {
        meter: givenId("METER", meter!),
        read_at_ms: givenMoment("TIME", time!),
        deed,
        ...(hasValue && { value_wh: givenWh(values.kwh) }),
        ...givenDeed(values.reason),
      };
      const { askAsOperator } = await import("../office/operator.ts");
      const decided = await askAsOperator("reading-decide", input) as DecidedOnWire;
      console.log(values.json === true ? JSON.stringify(decided) : textOf(decided));
      return 0;
    },
  };
}

/** Watt-hours of a register in kWh with at most three decimals. */
function givenWh(value: unknown): number {
  const match = /^(\d{1,12})(?:\.(\d{1,3}))?$/.exec(typeof value === "string" ? value.trim() : "");
  if (match === null) {
    throw new UsageError("Say what the register showed, in kWh: --kwh 2275.625");
  }
  return Number(match[1]) * 1000 + Number((match[2] ?? "").padEnd(3, "0"));
}

function textOf({ meter_id, read_at, value_wh, requeued }: DecidedOnWire): string {
  const use = value_wh === null ? "is not used" : `counts as ${(value_wh / 1000).toFixed(3)} kWh`;
  const lines = [`The reading of meter ${meter_id} at ${inIndia(read_at)} ${use}`];
  for (const { account_id, period } of requeued) {
    lines.push(`${account_id} is looked at again for ${period}`);
  }
  return lines.join("\n");
}
