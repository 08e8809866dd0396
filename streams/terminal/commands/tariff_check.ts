/** `samay tariff check FILE`: every fault of somebody's own tariff. */
import type { Checked } from "../../../actors/billing/tariff/check.ts";
import type { Command } from "../command.ts";
import { counted } from "../counted.ts";
import { checkTariffFile } from "../tariff_file.ts";

export const command: Command = {
  name: "tariff check",
  summary: "Checks a tariff file of your own, and names every fault",
  positionals: { usage: "FILE", min: 1, max: 1 },
  options: { json: { type: "boolean", help: "One JSON document" } },
  help:
    `Names each fault with its place in the file: fields that are missing, unknown or wrong; gaps and
overlaps of dates; slabs out of order; hours of the day that no band has; worked examples that do
not come out; a total that falls as more is used. Exit code 0 when there is none, 1 otherwise.

docs/tariffs.md shows how to write one.

  samay tariff check my-tariff.json
  samay tariff quote --file my-tariff.json --from 2026-06-01 --to 2026-07-01 --kwh 250`,
  async run({ values, positionals }) {
    const file = positionals[0]!;
    const checked = await checkTariffFile(file);
    console.log(
      values.json === true ? JSON.stringify(toJson(file, checked)) : toText(file, checked),
    );
    return checked.faults.length === 0 ? 0 : 1;
  },
};

function toJson(file: string, { document, faults, more }: Checked) {
  return { file, tariff: document?.id ?? null, sound: faults.length === 0, faults, more };
}

function toText(file: string, { document, faults, more }: Checked): string {
  if (document !== null && faults.length === 0) {
    const examples = document.versions.reduce((sum, version) => sum + version.examples.length, 0);
    return `${file}: tariff ${document.id} is sound, ${
      counted(document.versions.length, "version")
    }, ` +
      `${counted(examples, "example")} computed again`;
  }
  const lines = faults.map(({ path, message }) => `${path}: ${message}`);
  if (more > 0) lines.push(`and ${more} more`);
  return [...lines, "", `${file}: ${counted(faults.length + more, "fault")}`].join("\n");
}
