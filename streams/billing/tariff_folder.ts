/** A utility's own tariffs: the files of a folder, each checked as `samay tariff check` does. */
import { tariffs } from "../../actors/billing/tariff/catalogue.ts";
import type { TariffDocument } from "../../actors/billing/tariff/document.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { checkTariffFile } from "../terminal/tariff_file.ts";

/** More files in one folder are something else than tariffs. */
const FILES_MAX = 200;

/**
 * The tariffs of the product, and those of the `*.json` files in `folder`, where one is given. Throws
 * `TerminalError` that names every fault of every file: a head-end that leaves a tariff out would
 * park each account under it, and one that takes half of it would bill wrongly.
 */
export async function loadTariffs(folder: string | undefined): Promise<readonly TariffDocument[]> {
  if (folder === undefined) return tariffs();
  const own: TariffDocument[] = [];
  const names = new Map(tariffs().map(({ id }) => [id, "a tariff of the product"]));
  const faults: string[] = [];
  for (const file of await filesIn(folder)) {
    const { document, faults: found, more } = await checkTariffFile(`${folder}/${file}`);
    faults.push(...found.map(({ path, message }) => `${file}: ${path}: ${message}`));
    if (more > 0) faults.push(`${file}: and ${more} more`);
    if (document === null) continue;
    const other = names.get(document.id);
    if (other !== undefined) {
      faults.push(`${file}: id: ${document.id} is the id of ${other}: give it another one`);
      continue;
    }
    names.set(document.id, file);
    own.push(document);
  }
  if (faults.length === 0) return tariffs(own);
  const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
  throw new TerminalError(
    `The tariffs in ${folder} (SAMAY_TARIFFS_DIR) have ${count}: ${faults.join("; ")}`,
  );
}

async function filesIn(folder: string): Promise<string[]> {
  const files: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      if (!isDirectory && name.endsWith(".json")) files.push(name);
    }
  } catch (error) {
    throw new TerminalError(
      `The folder ${folder} (SAMAY_TARIFFS_DIR) cannot be read: ${(error as Error).message}`,
    );
  }
  if (files.length <= FILES_MAX) return files.sort();
  throw new TerminalError(
    `${folder} (SAMAY_TARIFFS_DIR) has ${files.length} files, at most ${FILES_MAX} are tariffs`,
  );
}
