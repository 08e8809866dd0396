/** `samay payment import`: a file of payments, all of it or nothing. */
import { basename } from "node:path";
import { PAYMENT_FILE_BYTES_MAX } from "../../accounts/payment_file.ts";
import type { ImportReport } from "../../accounts/import_payments.ts";
import { formatRupees } from "../../billing/money.ts";
import { readFileBounded } from "../../csv/csv_file.ts";
import { csvFaultText } from "../../csv/faults.ts";
import type { Command } from "../command.ts";
import { counted } from "../counted.ts";

export const command: Command = {
  name: "payment import",
  summary: "Records a CSV file of payments: all of it, or nothing",
  positionals: { usage: "FILE", min: 1, max: 1 },
  options: {
    source: { type: "string", placeholder: "NAME", help: "Of rows without a source, such as hdfc" },
    "dry-run": { type: "boolean", help: "Says what would be recorded, and records nothing" },
    json: { type: "boolean", help: "One JSON document; amounts in paise" },
  },
  help:
    `CSV in UTF-8 with a header. Columns, in any order: reference, amount (rupees), paid_on (YYYY-MM-DD),
then account or bill or both; and, where wanted, source, method and note. A row whose source and
reference are recorded already with the same content is passed over, so a file can be imported again.
Each row that cannot be taken is named with its row, field and reason; then nothing is recorded.

  samay payment import payments.csv --source hdfc

  reference,account,amount,paid_on,method
  UTR4711,A-1001,2950.00,2026-05-12,upi`,
  async run({ values, positionals }) {
    const path = positionals[0]!;
    const bytes = await readFileBounded(path, PAYMENT_FILE_BYTES_MAX);
    const { sendFile } = await import("../../office/send_file.ts");
    const report = await sendFile("payment-import", {
      file: basename(path),
      source: values.source ?? null,
      dry_run: values["dry-run"] === true,
      actor: Deno.env.get("USER")?.slice(0, 64) || "operator",
    }, bytes) as ImportReport;
    const text = toText(path, report, values["dry-run"] === true);
    console.log(values.json === true ? JSON.stringify(report) : text);
    return report.faults.length === 0 ? 0 : 1;
  },
};

function toText(path: string, report: ImportReport, dry_run: boolean): string {
  const { faults, more, rows, recorded, stood, amount_paise } = report;
  if (faults.length > 0) {
    const lines = faults.map(csvFaultText);
    if (more > 0) lines.push(`and ${more} more`);
    const count = counted(faults.length + more, "fault");
    return [...lines, "", `${path}: ${count}; nothing of it is recorded`].join("\n");
  }
  const done = dry_run ? "would be recorded" : "recorded";
  return `${path}: ${counted(rows, "row")}, ${recorded} ${done} of Rs ${
    formatRupees(amount_paise)
  }` +
    `${stood === 0 ? "" : `, ${stood} recorded before`}`;
}
