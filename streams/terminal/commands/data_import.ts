/** `samay data import`: files of consumers, meters, installations and readings. */
import type { CsvFault } from "../../csv/faults.ts";
import type { ImportResult } from "../../data/import_file.ts";
import { type Command, type ParsedArguments, UsageError } from "../command.ts";
import { counted } from "../counted.ts";
import { givenDeed } from "../given_deed.ts";
import { createProgress } from "../progress.ts";

/** Refused rows that are told on the terminal; `--report` has all of them. */
const TOLD_MAX = 20;

export const command: Command = {
  name: "data import",
  summary: "Takes a CSV file of consumers, meters, installations or readings",
  positionals: {
    usage: "consumers|meters|installations|readings FILE.csv",
    min: 2,
    max: 2,
  },
  options: {
    "dry-run": { type: "boolean", help: "Look only: what would be refused, what would be new" },
    reason: { type: "string", placeholder: "TEXT", help: "Why, for the audit trail" },
    report: { type: "string", placeholder: "FILE", help: "Every refused row as CSV" },
    keys: {
      type: "string",
      placeholder: "FOLDER",
      help: "Of meters: where their key files go, one a meter",
    },
    json: { type: "boolean", help: "What came of it, as one JSON document" },
  },
  help:
    `Asks the running head-end. The whole file is taken in one transaction, or nothing of it: with
one refused row nothing is written, and the exit code is 1. The same rows again change nothing; a
row that says otherwise than what stands is refused with the field. At most 100,000 rows a file.
Meters get their keys as by samay meter enrol: carry each file of --keys to its slave, keep no copy.

  samay data template consumers > consumers.csv
  samay data import consumers consumers.csv --dry-run
  samay data import meters meters.csv --keys keys/ --reason "ward 12 goes live"
  samay data import readings march.csv --report refused.csv --reason "the old system's March"`,
  run,
};

async function run({ values, positionals }: ParsedArguments): Promise<number> {
  const { IMPORT_KINDS } = await import("../../data/import_rows.ts");
  const kind = IMPORT_KINDS.find((one) => one === positionals[0]);
  if (kind === undefined) {
    throw new UsageError(`Import what? ${IMPORT_KINDS.join(", ")}; not "${positionals[0]}"`);
  }
  const dry_run = values["dry-run"] === true;
  const deed = dry_run ? undefined : givenDeed(values.reason);
  const keys = dry_run ? undefined : await keyFolderOf(kind, values.keys);
  const { asOperator } = await import("../../office/operator.ts");
  const { importFile, REPORT_HEADER, reportLine } = await import("../../data/import_file.ts");
  const { createExportFile } = await import("../../data/export_file.ts");
  using report = typeof values.report === "string" ? createExportFile(values.report) : undefined;
  report?.write(REPORT_HEADER);
  const asked = {
    ...{ kind, path: positionals[1]!, dry_run },
    ...(deed === undefined ? {} : { deed }),
    ...(keys === undefined
      ? {}
      : { onKeys: (given: Parameters<typeof keys.write>[0]) => keys.write(given) }),
  };
  return await asOperator((ask) =>
    importFile(ask, asked, createProgress(), async ({ faults, ...result }) => {
      const told: CsvFault[] = [];
      let count = 0;
      for await (const fault of faults) {
        report?.write(reportLine(fault));
        if (count++ < TOLD_MAX) told.push(fault);
      }
      report?.finish();
      if (values.json === true) {
        const { written: key_files, withheld } = keys ?? {};
        console.log(
          JSON.stringify({
            kind,
            dry_run,
            ...result,
            faults: told,
            fault_count: count,
            key_files,
            withheld,
          }),
        );
      } else {
        await say(result, told, count, dry_run, values.report);
        if (keys !== undefined && result.written) sayKeys(String(values.keys), keys);
      }
      return result.refused > 0 ? 1 : 0;
    })
  );
}

async function keyFolderOf(kind: string, value: unknown) {
  if (kind !== "meters") {
    if (value !== undefined) throw new UsageError("--keys is for meters");
    return undefined;
  }
  if (typeof value !== "string" || value === "") {
    throw new UsageError("Meters get keys: say where their files go, --keys FOLDER");
  }
  const { openKeyFolder } = await import("../../data/key_folder.ts");
  return openKeyFolder(value);
}

async function say(
  { rows, refused, added, unchanged, written, unbilled, notes, note_count }: Omit<
    ImportResult,
    "faults"
  >,
  told: readonly CsvFault[],
  count: number,
  dry_run: boolean,
  report: unknown,
): Promise<void> {
  const { csvFaultText } = await import("../../csv/faults.ts");
  for (const fault of told) console.error(csvFaultText(fault));
  if (count > told.length) {
    const where = typeof report === "string" ? `: all are in ${report}` : "; --report FILE has all";
    console.error(`... and ${count - told.length} more faults${where}`);
  }
  const stand = `${unchanged} ${unchanged === 1 ? "stands" : "stand"} already`;
  console.log(
    written
      ? `${counted(rows, "row")}: ${added} written, ${stand}.`
      : `${counted(rows, "row")}: ${refused} refused, ${added} new, ${stand}. Nothing is written${
        dry_run ? ": this was a dry run" : ""
      }.`,
  );
  for (const { accounts, why } of unbilled) {
    console.log(
      `${counted(accounts, "account")} of it get${accounts === 1 ? "s" : ""} no bill: ${why}.`,
    );
  }
  for (const { row, field, says } of notes) console.log(`Row ${row}, ${field}: note: ${says}.`);
  if (note_count > notes.length) console.log(`... and ${note_count - notes.length} more notes`);
}

function sayKeys(
  folder: string,
  { written, standing, withheld }: Awaited<ReturnType<typeof keyFolderOf>> & object,
): void {
  const there = standing === 0 ? "" : `, ${standing} were there already`;
  console.log(
    `${written} key files are in ${folder}${there}: carry each to its slave and keep no copy.`,
  );
  for (const { meter_id, why } of withheld.slice(0, TOLD_MAX)) console.error(`${meter_id}: ${why}`);
  if (withheld.length > TOLD_MAX) {
    console.error(`... and ${withheld.length - TOLD_MAX} more meters`);
  }
}
