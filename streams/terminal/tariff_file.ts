/** A tariff in a file of somebody's own: read, and checked as those that come with the product. */
import {
  type Checked,
  checkTariff,
  FAULTS_MAX,
  pathText,
  type ToldFault,
} from "../../actors/billing/tariff/check.ts";
import { UNKNOWN_FIELD } from "../../actors/billing/tariff/shape_faults.ts";
import { repeatedKeys } from "../../protocol/json_keys.ts";
import { tariffOf } from "../../actors/billing/tariff/catalogue.ts";
import { FIELD_NAMES, type TariffDocument } from "../../actors/billing/tariff/document.ts";
import { Failure, UsageError } from "./command.ts";
import { counted } from "./counted.ts";
import { nearest } from "./suggest.ts";

/** More than any tariff: 64 versions with their examples are a tenth of it. */
const BYTES_MAX = 4 << 20;

/** Everything that is wrong with the tariff in `path`. Throws `Failure` where it cannot be read. */
export async function checkTariffFile(path: string): Promise<Checked> {
  const text = await readText(path);
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    const message = `not JSON: ${(error as SyntaxError).message}`;
    return { document: null, faults: [{ path: "(file)", message }], more: 0 };
  }
  const found = checkTariff(raw);
  const checked = { ...found, faults: found.faults.map(withGuess) };
  const repeated = repeatedKeys(text).slice(0, FAULTS_MAX).map((path) => ({
    path: pathText(path),
    message: "is there twice, and only the last one would count",
  }));
  if (repeated.length === 0) return checked;
  return { ...checked, document: null, faults: [...repeated, ...checked.faults] };
}

/** An unknown field, with the known one that its name is nearest to. */
function withGuess(fault: ToldFault): ToldFault {
  if (fault.message !== UNKNOWN_FIELD) return fault;
  const name = /\w+(?="?\]?$)/.exec(fault.path)?.[0] ?? "";
  const guess = nearest(name, FIELD_NAMES);
  return guess === undefined
    ? fault
    : { ...fault, message: `${UNKNOWN_FIELD}, did you mean ${guess}?` };
}

/**
 * The tariff in `path`, to be computed with. Its examples need not come out yet: they are worked while
 * one looks at what comes out. Throws `Failure` that names the first fault of any other kind.
 */
async function tariffInFile(path: string): Promise<TariffDocument> {
  const { document, faults, more } = await checkTariffFile(path);
  if (document !== null) return document;
  const first = faults[0]!;
  const count = counted(faults.length + more, "fault");
  throw new Failure(
    `${path} has ${count}, the first at ${first.path}: ${first.message}; ` +
      `see all: samay tariff check ${path}`,
  );
}

/** The tariffs of the product and those of `SAMAY_TARIFFS_DIR` on this machine. */
export async function knownTariffs(): Promise<readonly TariffDocument[]> {
  const { loadTariffs } = await import("../billing/tariff_folder.ts");
  return await loadTariffs(Deno.env.get("SAMAY_TARIFFS_DIR") || undefined);
}

/**
 * The tariff that a command is given, by its id or in a file. Throws `UsageError` for an unknown id,
 * and unless there is exactly one of the two.
 */
export async function tariffGiven(id: unknown, file: unknown): Promise<TariffDocument> {
  if (typeof file === "string" && id === undefined) return await tariffInFile(file);
  if (typeof id !== "string" || file !== undefined) {
    throw new UsageError(
      "Give a tariff by its id or by --file, one of the two; see: samay tariff list",
    );
  }
  const known = await knownTariffs();
  try {
    return tariffOf(id, known);
  } catch (error) {
    if (error instanceof RangeError) throw new UsageError(error.message);
    throw error;
  }
}

async function readText(path: string): Promise<string> {
  try {
    const { size, isFile } = await Deno.stat(path);
    if (!isFile) throw new Failure(`${path} is no file: give the JSON file of one tariff`);
    if (size > BYTES_MAX) {
      throw new Failure(`${path} has ${size} bytes, a tariff at most ${BYTES_MAX}`);
    }
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`${path} cannot be read: ${(error as Error).message}`);
  }
}
