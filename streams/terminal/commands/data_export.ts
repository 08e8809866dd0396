/** `samay data export`: readings, bills and accounts as files for other programs. */
import { startOfIndianDate_ms } from "../../../protocol/indian_time.ts";
import { type Command, type ParsedArguments, UsageError } from "../command.ts";
import { givenId } from "../given_id.ts";
import { createProgress } from "../progress.ts";

type Values = ParsedArguments["values"];

const KINDS = ["readings", "invoices", "lines", "accounts"] as const;
const DAY_MS = 86_400_000;
const FIRST_DAY = "2000-01-01";
const LAST_DAY = "2099-12-30";

export const command: Command = {
  name: "data export",
  summary: "Writes readings, bills or accounts to a file: CSV, or Green Button",
  positionals: { usage: KINDS.join("|"), min: 1, max: 1 },
  options: {
    out: { type: "string", placeholder: "FILE", help: "File to write; it must not be there yet" },
    from: { type: "string", placeholder: "DATE", help: "First day, YYYY-MM-DD in Indian time" },
    to: { type: "string", placeholder: "DATE", help: "Last day, included" },
    account: { type: "string", placeholder: "ID", help: "Of one account" },
    meter: { type: "string", placeholder: "ID", help: "Readings of one meter" },
    format: {
      type: "string",
      placeholder: "csv|espi",
      help: "csv, or espi: readings as Green Button XML with the bills of the days (default csv)",
    },
    json: { type: "boolean", help: "What was written, as one JSON document" },
  },
  help:
    `Asks the running head-end, page by page: the file may be of any length. It gets its name when
it is whole. Readings are those read in the span, bills and their lines those issued in it, accounts
those opened in it; without --from and --to: all. The columns are in docs/data.md.

  samay data export readings --account 170012340001 --from 2026-04-01 --to 2026-04-30 --out april.csv
  samay data export readings --format espi --meter MH00000001 --out usage.xml
  samay data export invoices --from 2026-04-01 --to 2026-04-30 --out bills.csv`,
  run,
};

async function run({ values, positionals }: ParsedArguments): Promise<number> {
  const kind = kindOf(positionals[0]!);
  const asked = spanOf(values, kind);
  const espi = formatOf(values.format, kind) === "espi";
  const out = values.out;
  if (typeof out !== "string" || out === "") throw new UsageError("Missing --out FILE");
  const { asOperator } = await import("../../office/operator.ts");
  const { createExportFile } = await import("../../data/export_file.ts");
  using file = createExportFile(out);
  const written = await asOperator(async (ask) => {
    const progress = createProgress();
    try {
      if (espi) {
        const { exportEspi } = await import("../../data/export_espi.ts");
        const now_ms = Date.now();
        return await exportEspi(
          ...[ask, { ...asked, now_ms }, file.write] as const,
          (done) => progress.count(done, "meters"),
        );
      }
      const tables = await import("../../data/export_tables.ts");
      const table = {
        readings: tables.readingsTable,
        invoices: tables.invoicesTable,
        lines: tables.invoiceLinesTable,
        accounts: tables.accountsTable,
      }[kind];
      let rows = 0;
      for await (const part of table(ask, asked)) {
        file.write(part.text);
        rows += part.rows;
        progress.count(rows, "rows");
      }
      return { rows };
    } finally {
      progress.end();
    }
  });
  file.finish();
  console.log(
    values.json === true ? JSON.stringify({ file: out, ...written }) : said(out, written),
  );
  return 0;
}

function said(out: string, written: Readonly<Record<string, number>> | object): string {
  const counts = Object.entries(written).map(([what, count]) =>
    `${count} ${what.replaceAll("_", " ")}`
  );
  return `${out}: ${counts.join(", ")}`;
}

function kindOf(text: string): (typeof KINDS)[number] {
  const kind = KINDS.find((one) => one === text);
  if (kind !== undefined) return kind;
  throw new UsageError(`Export what? ${KINDS.join(", ")}; not "${text}"`);
}

function formatOf(value: unknown, kind: string): "csv" | "espi" {
  if (value === undefined || value === "csv") return "csv";
  if (value !== "espi") throw new UsageError(`--format is csv or espi, not "${value}"`);
  if (kind === "readings") return "espi";
  throw new UsageError("--format espi is of readings; the bills of the days are in it");
}

function spanOf(values: Values, kind: string) {
  const from_ms = startOfIndianDate_ms(dayOf(values, "from", FIRST_DAY));
  const to_ms = startOfIndianDate_ms(dayOf(values, "to", LAST_DAY)) + DAY_MS;
  if (from_ms >= to_ms) throw new UsageError("--from lies behind --to");
  const { account, meter } = values;
  if (meter !== undefined && kind !== "readings") throw new UsageError("--meter is for readings");
  if (meter !== undefined && account !== undefined) {
    throw new UsageError("Give --account or --meter, not both");
  }
  return {
    from_ms: Math.max(0, from_ms),
    to_ms,
    ...(account === undefined ? {} : { account_id: givenId("--account", String(account)) }),
    ...(meter === undefined ? {} : { meter_id: givenId("--meter", String(meter)) }),
  };
}

/** A day that is in the calendar: 30 February is not taken for 2 March. */
function dayOf(values: Values, name: string, otherwise: string): string {
  const value = values[name] ?? otherwise;
  const day = String(value);
  const at = new Date(`${day}T00:00:00Z`);
  const known = /^\d{4}-\d\d-\d\d$/.test(day) && !isNaN(at.getTime()) &&
    at.toISOString().startsWith(day);
  if (known && day >= FIRST_DAY && day <= LAST_DAY) return day;
  throw new UsageError(
    `--${name} is a day from ${FIRST_DAY} to ${LAST_DAY} as YYYY-MM-DD, not "${day.slice(0, 24)}"`,
  );
}
