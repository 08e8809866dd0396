/** `samay tariff quote`: what a consumption costs, line by line. */
import { tariffOf } from "../../../actors/billing/tariff/catalogue.ts";
import { type Quote, quote } from "../../../actors/billing/tariff/quote.ts";
import { formatRate, formatRupees } from "../../billing/money.ts";
import { quoteRequestOf } from "../../billing/quote_request.ts";
import { type Command, UsageError } from "../command.ts";
import { counted } from "../counted.ts";
import { formatTable, terminalWidth } from "../table.ts";

export const command: Command = {
  name: "tariff quote",
  summary: "Computes what a consumption costs, line by line",
  options: {
    tariff: { type: "string", placeholder: "ID", help: "Tariff, see: samay tariff list" },
    from: { type: "string", placeholder: "DATE", help: "Date of the earlier reading, YYYY-MM-DD" },
    to: { type: "string", placeholder: "DATE", help: "Date of the later reading, YYYY-MM-DD" },
    kwh: { type: "string", placeholder: "N", help: "Units used between them, whole kWh" },
    phase: { type: "string", placeholder: "1|3", help: "Phases of the connection (default 1)" },
    municipal: { type: "boolean", help: "The premises lie in a municipal corporation" },
    fac: {
      type: "string",
      placeholder: "R[,R...]",
      help: "Fuel adjustment in rupees a unit: one for every slab, or one a slab",
    },
    json: { type: "boolean", help: "One JSON document; amounts in paise, rates in 1/10,000 rupee" },
  },
  help: `The dates choose the version of the tariff; a rate change between them splits the bill.

  samay tariff quote --tariff msedcl-lt-1b --from 2026-04-01 --to 2026-05-01 --kwh 250`,
  run({ values }) {
    const result = compute(values);
    console.log(values.json === true ? JSON.stringify(toJson(result)) : toTable(result));
    return Promise.resolve(0);
  },
};

function compute(values: Parameters<typeof quoteRequestOf>[0]): Quote {
  try {
    if (typeof values.tariff !== "string") throw new RangeError("Missing --tariff");
    return quote(tariffOf(values.tariff), quoteRequestOf(values));
  } catch (error) {
    // What makes no sense is wrong usage; what the tariff does not state passes on as a failure.
    if (!(error instanceof RangeError)) throw error;
    throw new UsageError(`${error.message}; see: samay tariff quote --help`);
  }
}

/** The document that other programs rely on. */
function toJson(result: Quote) {
  const { tariff, from, to, days, months, units, total_paise, rounding_paise, payable_paise } =
    result;
  const lines = result.lines.map(({ code, description, units, rate, amount_paise }) => ({
    code,
    description,
    units,
    rate,
    amount_paise,
  }));
  return {
    tariff,
    from,
    to,
    days,
    months,
    units,
    lines,
    total_paise,
    rounding_paise,
    payable_paise,
  };
}

function toTable(result: Quote): string {
  const rows = result.lines.map((line) => [
    line.description,
    line.units === null ? "" : String(line.units),
    line.rate === null ? "" : formatRate(line.rate),
    formatRupees(line.amount_paise),
  ]);
  // The total stands between the charges and their rounding.
  rows.splice(-1, 0, ["Total", "", "", formatRupees(result.total_paise)]);
  rows.push(["To pay", "", "", formatRupees(result.payable_paise)]);
  const heading =
    `${result.tariff}, ${result.from} to ${result.to}: ${counted(result.days, "day")} ` +
    `(${result.months.toFixed(2)} months), ${result.units} kWh`;
  const table = formatTable(
    [
      { title: "Charge", flexible: true },
      { title: "kWh", align: "right" },
      { title: "Rs/kWh", align: "right" },
      { title: "Rs", align: "right" },
    ],
    rows,
    { width: terminalWidth() },
  );
  return `${heading}\n\n${table}`;
}
