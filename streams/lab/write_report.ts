/** Writes the report and its pictures into a folder. */
import { join } from "node:path";
import { TerminalError } from "../../protocol/errors.ts";
import { PICTURE_NAMES, picturesOf, reportPage } from "./report.ts";
import type { LabResult } from "./result.ts";
import { agreementWords } from "./tables.ts";

const REPORT = "report.html";

/**
 * Makes the folder, so that a path which cannot be written is known before the work. Throws
 * `TerminalError` where it cannot be one, or a folder stands where a file will.
 */
export async function prepareFolder(folder: string): Promise<void> {
  try {
    await Deno.mkdir(folder, { recursive: true });
  } catch (error) {
    // The folder is the caller's choice; what the system says of it is for the caller too.
    const reason = error instanceof Error ? error.message : String(error);
    throw new TerminalError(`${folder} cannot be the folder of the report: ${reason}`);
  }
  for (const name of [REPORT, ...PICTURE_NAMES.map((picture) => `${picture}.svg`)]) {
    const path = join(folder, name);
    const isFolder = await Deno.stat(path).then((info) => info.isDirectory, absent);
    if (!isFolder) continue;
    throw new TerminalError(`${path} cannot be a file of the report: a folder stands there`);
  }
}

function absent(error: unknown): boolean {
  if (error instanceof Deno.errors.NotFound) return false;
  throw error;
}

/** Writes `report.html` and one `.svg` a picture; returns the path of the report. */
export async function writeReport(result: LabResult, folder: string): Promise<string> {
  await prepareFolder(folder);
  const pictures = picturesOf(result);
  for (const { name, svg } of pictures) {
    await Deno.writeTextFile(join(folder, `${name}.svg`), svg);
  }
  const path = join(folder, REPORT);
  await Deno.writeTextFile(path, reportPage(result, pictures, agreementWords(result)));
  return path;
}
