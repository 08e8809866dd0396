/** `samay meter show`: all that the head-end knows of one meter. */
import { inIndia } from "../../../protocol/indian_time.ts";
import { FLAG_WORDS, type ReadingFlag } from "../../../protocol/messages/journal.ts";
import { actorRows } from "../../office/actor_words.ts";
import { generationRows } from "../../office/generations.ts";
import type { MeterSheet } from "../../office/meters.ts";
import type { Command, ParsedArguments } from "../command.ts";
import { counted } from "../counted.ts";
import { givenId } from "../given_id.ts";
import { suiteName } from "../suites.ts";

/** As it comes over the wire: every instant is ISO 8601 text. */
type OnWire<T> = T extends Date ? string
  : T extends readonly (infer E)[] ? OnWire<E>[]
  : T extends object ? { [K in keyof T]: OnWire<T[K]> }
  : T;
type Sheet = OnWire<MeterSheet>;

export const command: Command = {
  name: "meter show",
  summary: "Shows one meter: clock, last reading, rejects",
  positionals: { usage: "ID", min: 1, max: 1 },
  options: { json: { type: "boolean", help: "One JSON document" } },
  help: `Asks the running head-end. Times are Indian time.

  samay meter show MH00113978`,
  async run({ values, positionals }: ParsedArguments) {
    const meter_id = givenId("ID", positionals[0]!);
    const { askAsOperator } = await import("../../office/operator.ts");
    const sheet = await askAsOperator("meter-show", { meter_id }) as Sheet;
    console.log(values.json === true ? JSON.stringify(sheet) : forPeople(sheet));
    return 0;
  },
};

function forPeople(sheet: Sheet): string {
  const rows = [
    ...identityOf(sheet),
    ...billingOf(sheet),
    ...readingOf(sheet),
    ...slaveOf(sheet),
    ...actorRows(sheet.actor),
    ...keyRowsOf(sheet),
    ...sheet.audit.map((
      { at, actor, action },
    ) => ["History", `${inIndia(at)}  ${action} (${actor})`]),
  ];
  const width = Math.max(...rows.map(([label]) => label!.length));
  return rows.map(([label, text]) => `${label!.padEnd(width)}  ${text}`).join("\n");
}

function identityOf({ meter, installations }: Sheet): string[][] {
  return [
    ["Meter", `${meter.meter_id}, serial number ${meter.serial_number}`],
    ["Alias", String(meter.alias)],
    ...installations.map((one) => [
      "Installed",
      `${inIndia(one.installed_at)} to ${
        one.removed_at === null ? "now" : inIndia(one.removed_at)
      }` +
      ` at ${one.premises || "(no address)"}, factor ${one.multiplying_factor}, ` +
      `opened at ${kwh(one.opening_reading_wh)}`,
    ]),
  ];
}

function billingOf({ account, consumer }: Sheet): string[][] {
  if (!account || !consumer) return [["Account", "none: the meter hangs nowhere"]];
  const ways = [consumer.phone, consumer.email].filter((way) => way !== null).join(", ");
  return [
    ["Consumer", `${consumer.name}, ${consumer.consumer_number}, ${ways || "no phone or e-mail"}`],
    ["Account", `${account.account_id}, ${account.tariff_id}, ${account.phase}-phase`],
  ];
}

function readingOf({ latest }: Sheet): string[][] {
  if (!latest) return [["Last reading", "never"]];
  const rows = [["Last reading", `${kwh(latest.value)} at ${inIndia(latest.read_at)}`]];
  for (const flag of latest.flags as ReadingFlag[]) {
    rows.push(["Marked", `${flag}: ${FLAG_WORDS[flag]}; have the meter looked at`]);
  }
  if (latest.frame_sequence !== null) {
    rows.push([
      "Came by",
      `frame ${latest.frame_sequence}, journal record ${latest.journal_sequence}, ` +
      `second ${latest.second_found_s} found at trial ${latest.trials}`,
    ]);
  }
  return rows;
}

function slaveOf(
  { meter, slave_words: { heard, clock, time, fault, waiting } }: Sheet,
): string[][] {
  const rows = [["Slave", `${meter.slave_id}: ${heard}`]];
  if (clock !== null) rows.push(["Slave's clock", clock]);
  if (time !== null) rows.push(["Slave's time", time]);
  if (waiting !== null) rows.push(["Slave's outbox", `${counted(waiting, "reading")} waiting`]);
  if (fault !== null) rows.push(["Slave says", fault]);
  return rows;
}

function keyRowsOf({ suite, generations }: Sheet): string[][] {
  const ofIndia = (instant: string | null) =>
    instant === null ? null : `${inIndia(instant)} Indian time`;
  const rows = generationRows(generations.map((one) => ({
    ...one,
    retired_at: ofIndia(one.retired_at),
    first_used_at: ofIndia(one.first_used_at),
  })));
  return suite === null ? rows : [["Sealed with", suiteName(suite)], ...rows];
}

function kwh(value_wh: number): string {
  return `${(value_wh / 1_000).toFixed(3)} kWh`;
}
