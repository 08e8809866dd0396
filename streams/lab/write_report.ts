/** Writes the report and its pictures into a folder. */
import { join } from "node:path";
import { TerminalError } from "../../protocol/errors.ts";
import { picturesOf, reportPage } from "./report.ts";
import type { LabResult } from "./result.ts";
import { agreementWords } from "./tables.ts";

/** Makes the folder, so that a path which cannot be written is known before the work. */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    await Deno.mkdir(folder, { recursive: true });
  } catch (error) {
    // The folder is the caller's choice; what the system says of it is for the caller too.
    const reason = error instanceof Error ? error.message : String(error);
    throw new TerminalError(`${folder} cannot be the folder of the report: ${reason}`);
  }
}

/** Writes `report.html` and one `.svg` a picture; returns the path of the report. */
export async function writeReport(result: LabResult, folder: string): Promise<string> {
  await prepareFolder(folder);
  const pictures = picturesOf(result);
  for (const { name, svg } of pictures) {
    await Deno.writeTextFile(join(folder, `${name}.svg`), svg);
  }
  const path = join(folder, "report.html");
  await Deno.writeTextFile(path, reportPage(result, pictures, agreementWords(result)));
  return path;
}
