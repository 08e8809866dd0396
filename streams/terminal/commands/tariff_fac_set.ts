/** `samay tariff fac set`: the fuel adjustment of a month. */
import { type FacSet, facWords } from "../../billing/fac.ts";
import { parseRate } from "../../billing/money.ts";
import { type Command, UsageError } from "../command.ts";
import { deedOf } from "../deed.ts";

const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

export const command: Command = {
  name: "tariff fac set",
  summary: "Enters the fuel adjustment (FAC) that was published for a month",
  options: {
    tariff: { type: "string", placeholder: "ID", help: "Tariff, see: samay tariff list" },
    month: { type: "string", placeholder: "MONTH", help: "Month of the bills, YYYY-MM" },
    rates: {
      type: "string",
      placeholder: "R[,R...]",
      help: "Rupees a unit: one for every slab, or one a slab, in their order",
    },
    source: { type: "string", placeholder: "TEXT", help: "Circular and page: stands on the lines" },
    reason: { type: "string", placeholder: "TEXT", help: "Why: kept in the audit" },
    "bills-stand": {
      type: "boolean",
      help: "Bills of that month are issued: they stay as they are, later ones take the new rates",
    },
    json: { type: "boolean", help: "One JSON document; rates in 1/10,000 rupee" },
  },
  help:
    `Asks the running head-end. A month that nobody entered has no fuel adjustment. Each entry is
kept; the last one of a month counts for bills that are made from then on. Bills that are issued keep
their own: where there are some, the command refuses unless --bills-stand says that one knows.

  samay tariff fac set --tariff msedcl-lt-1b --month 2026-06 --rates 0.45,0.60,0.80,0.95 \\
    --source "MSEDCL circular 412, page 2" --reason "published on 2026-06-03"`,
  async run({ values }) {
    const input = { ...monthOf(values), ...deedOf(values) };
    const { askAsOperator } = await import("../../office/operator.ts");
    const done = await askAsOperator("fac-set", {
      ...input,
      bills_stand: values["bills-stand"] === true,
    }) as FacSet;
    console.log(values.json === true ? JSON.stringify(done) : textOf(done, input.rates));
    return 0;
  },
};

function monthOf(values: Readonly<Record<string, unknown>>) {
  const missing = ["tariff", "month", "rates", "source"].filter((name) =>
    typeof values[name] !== "string"
  );
  if (missing.length > 0) {
    throw new UsageError(`Missing ${missing.map((name) => `--${name}`).join(", ")}`);
  }
  const month = String(values.month);
  if (!MONTH.test(month)) {
    throw new UsageError(`--month is a month such as 2026-06, not "${month.slice(0, 24)}"`);
  }
  try {
    const rates = String(values.rates).split(",").map(parseRate);
    return { tariff_id: String(values.tariff), month, rates, source: String(values.source) };
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(`--rates: ${error.message}`);
    throw error;
  }
}

function textOf({ tariff_id, month, before, unchanged, issued }: FacSet, rates: number[]): string {
  if (unchanged) return `${tariff_id} ${month}: ${facWords(rates)} stands already`;
  const stand = issued === 0 ? "" : `; ${issued} issued before stand as they are`;
  return `${tariff_id} ${month}: ${facWords(rates)}, before ${facWords(before)}${stand}`;
}
