/** `samay tariff show ID`: a tariff with its slabs and charges, version by version. */
import { tariffOf } from "../../../actors/billing/tariff/catalogue.ts";
import type { Charge } from "../../../actors/billing/tariff/charge.ts";
import type { TariffDocument, TariffVersion } from "../../../actors/billing/tariff/document.ts";
import { formatRate, formatRupees } from "../../billing/money.ts";
import { type Command, UsageError } from "../command.ts";
import { formatTable, terminalWidth } from "../table.ts";

export const command: Command = {
  name: "tariff show",
  summary: "Shows one tariff with its slabs and charges",
  positionals: { usage: "ID", min: 1, max: 1 },
  options: { json: { type: "boolean", help: "The tariff document itself" } },
  help: `Rates in rupees, slabs in units a month.

  samay tariff show msedcl-lt-1b`,
  run({ values, positionals }) {
    const tariff = find(positionals[0] ?? "");
    console.log(values.json === true ? JSON.stringify(tariff) : toText(tariff));
    return Promise.resolve(0);
  },
};

function find(id: string): TariffDocument {
  try {
    return tariffOf(id);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

function toText(tariff: TariffDocument): string {
  const head = `${tariff.name} (${tariff.id})\n${tariff.utility}; ${tariff.category}`;
  return [head, ...tariff.versions.map(versionText)].join("\n\n");
}

function versionText(version: TariffVersion): string {
  const { document, page } = version.source;
  const head = `${version.effective_from} to ${version.effective_to ?? "further notice"}\n` +
    `  ${document}${page === null ? "" : `, page ${page}`}`;
  const rows = version.charges.flatMap(chargeRows);
  rows.push(["Bill rounded to the nearest", formatRupees(version.payable_step_paise), "Rs"]);
  const table = formatTable(
    [{ title: "Charge", flexible: true }, { title: "Rate", align: "right" }, { title: "" }],
    rows,
    { width: terminalWidth() - 2 },
  );
  return `${head}\n${table.replaceAll(/^/gm, "  ")}`;
}

function chargeRows(charge: Charge): string[][] {
  switch (charge.kind) {
    case "slabs":
      return charge.slabs.map((slab, i) => {
        const above = charge.slabs[i - 1]?.to_units ?? 0;
        const range = slab.to_units === null ? `over ${above}` : `${above + 1} to ${slab.to_units}`;
        return [`${charge.description}, ${range}`, formatRate(slab.rate), "Rs/kWh"];
      });
    case "per_unit":
      return [[charge.description, formatRate(charge.rate), "Rs/kWh"]];
    case "per_month":
      return [
        ...(["1", "3"] as const).map((phase) => {
          const amount = charge.amount_paise[phase];
          const said = amount === null ? "not stated" : formatRupees(amount);
          return [`${charge.description}, ${phase}-phase`, said, amount === null ? "" : "Rs/month"];
        }),
        [
          `${charge.description}, more in municipal areas`,
          formatRupees(charge.municipal_paise),
          "Rs/month",
        ],
      ];
    case "slab_adjustment":
      return [[charge.description, "monthly", "Rs/kWh a slab"]];
    case "percentage":
      return [[charge.description, String(charge.percent_hundredths / 100), "%"]];
  }
}
