/** `samay tariff show ID`: a tariff with its slabs and charges, version by version. */
import type { TariffDocument, TariffVersion } from "../../../actors/billing/tariff/document.ts";
import type { Command } from "../command.ts";
import { formatTable, terminalWidth } from "../table.ts";
import { tariffGiven } from "../tariff_file.ts";
import { chargeRows } from "../tariff_rows.ts";

export const command: Command = {
  name: "tariff show",
  summary: "Shows one tariff with its slabs and charges",
  positionals: { usage: "[ID]", min: 0, max: 1 },
  options: {
    file: { type: "string", placeholder: "FILE", help: "A tariff file of your own, instead of ID" },
    json: { type: "boolean", help: "The tariff document itself" },
  },
  help: `Rates in rupees, slabs in units a month. Of a file, its other faults: samay tariff check.

  samay tariff show msedcl-lt-1b
  samay tariff show --file my-tariff.json`,
  async run({ values, positionals }) {
    const tariff = await tariffGiven(positionals[0], values.file);
    console.log(values.json === true ? JSON.stringify(tariff) : toText(tariff));
    return 0;
  },
};

function toText(tariff: TariffDocument): string {
  const { name, id, utility, category, example_only } = tariff;
  const head = `${name} (${id})\n${utility}; ${category}` +
    (example_only === undefined ? "" : `\nBills nobody: ${example_only}`);
  return [head, ...tariff.versions.map(versionText)].join("\n\n");
}

function versionText(version: TariffVersion): string {
  const { document, page } = version.source;
  const head = `${version.effective_from} to ${version.effective_to ?? "further notice"}\n` +
    `  ${document}${page === null ? "" : `, page ${page}`}`;
  const table = formatTable(
    [{ title: "Charge", flexible: true }, { title: "Rate", align: "right" }, { title: "" }],
    chargeRows(version),
    { width: terminalWidth() - 2 },
  );
  const notes = (version.not_stated ?? []).map((note) => `\n  Not stated: ${note}`).join("");
  return `${head}\n${table.replaceAll(/^/gm, "  ")}${hoursText(version)}${notes}`;
}

/** What the names of seasons and bands mean. */
function hoursText({ seasons, time_of_day }: TariffVersion): string {
  return [
    ...(seasons ?? []).map(({ name, months }) => `\n  ${name}: months ${months.join(", ")}`),
    ...(time_of_day?.bands ?? []).map(({ name, hours }) => `\n  ${name}: ${hours.join(", ")}`),
  ].join("");
}
