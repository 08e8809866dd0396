/** `samay tariff quote`: what a consumption costs, line by line. */
import type { TariffDocument } from "../../../actors/billing/tariff/document.ts";
import { InputsMissing } from "../../../actors/billing/tariff/inputs.ts";
import { type Quote, quote } from "../../../actors/billing/tariff/quote.ts";
import { formatRate, formatRupees } from "../../billing/money.ts";
import { INPUT_OPTIONS, quoteRequestOf } from "../../billing/quote_request.ts";
import { type Command, UsageError } from "../command.ts";
import { counted } from "../counted.ts";
import { formatTable, terminalWidth } from "../table.ts";
import { tariffGiven } from "../tariff_file.ts";

export const command: Command = {
  name: "tariff quote",
  summary: "Computes what a consumption costs, line by line",
  options: {
    tariff: { type: "string", placeholder: "ID", help: "Tariff, see: samay tariff list" },
    file: { type: "string", placeholder: "FILE", help: "A tariff file of your own, instead" },
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
    kw: { type: "string", placeholder: "N", help: "Sanctioned load in kW, like 2.5" },
    kvah: { type: "string", placeholder: "N", help: "Apparent energy, whole kVAh" },
    kva: { type: "string", placeholder: "N", help: "Maximum demand of the period in kVA" },
    "contract-kva": { type: "string", placeholder: "N", help: "Contract demand in kVA" },
    pf: {
      type: "string",
      placeholder: "N",
      help: "Power factor, 0 to 1; with --kvah it is kWh over kVAh",
    },
    tod: {
      type: "string",
      placeholder: "BAND=N,...",
      help: "Units in each band of the day, in sum all of them",
    },
    json: { type: "boolean", help: "One JSON document; amounts in paise, rates in 1/10,000 rupee" },
  },
  help:
    `The dates choose the version of the tariff; a rate change or a new season between them splits the
bill. A tariff that is computed from more than kWh says what it misses. samay tariff show names the
bands of the day.

  samay tariff quote --tariff msedcl-lt-1b --from 2026-04-01 --to 2026-05-01 --kwh 250
  samay tariff quote --tariff karnataka-lt-1 --from 2026-06-01 --to 2026-07-01 --kwh 120 --kw 3
  samay tariff quote --tariff example-commercial-tod --from 2026-06-01 --to 2026-07-01 \\
    --kwh 9000 --kvah 9600 --kva 50 --contract-kva 60 --tod solar=4000,evening=3600,night=2000
  samay tariff quote --file my-tariff.json --from 2026-06-01 --to 2026-07-01 --kwh 250`,
  async run({ values }) {
    if (values.tariff === undefined && values.file === undefined) {
      throw new UsageError("Missing --tariff (or --file); see: samay tariff quote --help");
    }
    const result = compute(await tariffGiven(values.tariff, values.file), values);
    console.log(values.json === true ? JSON.stringify(toJson(result)) : toText(result));
    return 0;
  },
};

function compute(tariff: TariffDocument, values: Parameters<typeof quoteRequestOf>[0]): Quote {
  try {
    return quote(tariff, quoteRequestOf(values));
  } catch (error) {
    // What makes no sense is wrong usage; what the tariff does not state passes on as a failure.
    if (!(error instanceof RangeError)) throw error;
    const give = error instanceof InputsMissing
      ? `: give ${error.inputs.map((input) => INPUT_OPTIONS[input]).join(", ")}`
      : "";
    throw new UsageError(`${error.message}${give}; see: samay tariff quote --help`);
  }
}

/** The document that other programs rely on. What few tariffs have is there where they have it. */
function toJson(result: Quote) {
  const { tariff, from, to, days, months, units, total_paise, rounding_paise, payable_paise } =
    result;
  const { not_stated, settlement } = result;
  const lines = result.lines.map(({ code, description, units, rate, amount_paise, unit }) => ({
    code,
    description,
    units,
    rate,
    amount_paise,
    ...(unit === undefined ? {} : { unit }),
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
    ...(not_stated.length === 0 ? {} : { not_stated }),
    ...(settlement.length === 0 ? {} : { settlement }),
  };
}

function toText(result: Quote): string {
  const notes = [
    ...result.settlement.map(({ description, amount_paise }) =>
      `${description}: ${formatRupees(amount_paise)}, at payment, not in the bill`
    ),
    ...result.not_stated.map((note) => `Not stated: ${note}`),
  ];
  return [toTable(result), ...(notes.length === 0 ? [] : ["", ...notes])].join("\n");
}

function toTable(result: Quote): string {
  const others = result.lines.some((line) => line.unit !== undefined);
  const rows = result.lines.map((line) => [
    line.description,
    line.units === null ? "" : `${line.units}${others ? ` ${line.unit ?? "kWh"}` : ""}`,
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
      { title: others ? "Units" : "kWh", align: "right" },
      { title: others ? "Rs a unit" : "Rs/kWh", align: "right" },
      { title: "Rs", align: "right" },
    ],
    rows,
    { width: terminalWidth() },
  );
  return `${heading}\n\n${table}`;
}
