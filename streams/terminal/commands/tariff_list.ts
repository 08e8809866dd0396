/** `samay tariff list`: the tariffs and their periods. */
import { whyBillsNobody } from "../../../actors/billing/tariff/whole.ts";
import type { Command } from "../command.ts";
import { formatTable, terminalWidth } from "../table.ts";
import { knownTariffs } from "../tariff_file.ts";

export const command: Command = {
  name: "tariff list",
  summary: "Lists the tariffs and their periods",
  options: { json: { type: "boolean", help: "One JSON document" } },
  help:
    `One line a version. Dates on the command line choose the version. Those of a folder of your own are
among them where SAMAY_TARIFFS_DIR names it. One that bills nobody is an example, or not whole: samay
tariff show says what its source does not state. It may be quoted by, and accounts may be under it.

  samay tariff list`,
  async run({ values }) {
    const rows = (await knownTariffs()).flatMap((tariff) =>
      tariff.versions.map((version) => ({
        tariff: tariff.id,
        name: tariff.name,
        effective_from: version.effective_from,
        effective_to: version.effective_to,
        bills: whyBillsNobody(tariff, version.effective_from) === null,
        source: version.source,
      }))
    );
    console.log(values.json === true ? JSON.stringify(rows) : toTable(rows));
    return 0;
  },
};

interface Row {
  readonly tariff: string;
  readonly name: string;
  readonly effective_from: string;
  readonly effective_to: string | null;
  /** Whether bills are made by it. */
  readonly bills: boolean;
  readonly source: { readonly document: string; readonly page: string | null };
}

function toTable(rows: readonly Row[]): string {
  return formatTable(
    [
      { title: "Tariff" },
      { title: "Name" },
      { title: "From" },
      { title: "To" },
      { title: "Bills" },
      { title: "Page", align: "right" },
      { title: "Source", flexible: true },
    ],
    rows.map((row) => [
      row.tariff,
      row.name,
      row.effective_from,
      row.effective_to ?? "",
      row.bills ? "yes" : "no",
      row.source.page ?? "",
      row.source.document,
    ]),
    { width: terminalWidth() },
  );
}
