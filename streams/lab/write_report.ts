/** Writes the report and its pictures into a folder. */
import { join } from "node:path";
import { picturesOf, reportPage } from "./report.ts";
import type { LabResult } from "./result.ts";
import { agreementWords } from "./tables.ts";

/** Writes `report.html` and one `.svg` a picture; returns the path of the report. */
export async function writeReport(result: LabResult, folder: string): Promise<string> {
  await Deno.mkdir(folder, { recursive: true });
  const pictures = picturesOf(result);
  for (const { name, svg } of pictures) {
    await Deno.writeTextFile(join(folder, `${name}.svg`), svg);
  }
  const path = join(folder, "report.html");
  await Deno.writeTextFile(path, reportPage(result, pictures, agreementWords(result)));
  return path;
}
