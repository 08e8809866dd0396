/** The tariffs that come with the product. Adding one is adding its document here. */
import { parseOrExplain } from "../../../protocol/schema.ts";
import msedclLt1b from "../tariffs/msedcl-lt-1b.json" with { type: "json" };
import { type TariffDocument, tariffDocument } from "./document.ts";

const documents: readonly TariffDocument[] = [
  parseOrExplain(tariffDocument, msedclLt1b, "Tariff msedcl-lt-1b"),
];

/** All tariffs, in order of their ids. */
export function tariffs(): readonly TariffDocument[] {
  return documents;
}

/** The tariff called `id`. Throws `RangeError` that names the known ones. */
export function tariffOf(id: string): TariffDocument {
  const found = documents.find((document) => document.id === id);
  if (found !== undefined) return found;
  const known = documents.map((document) => document.id).join(", ");
  throw new RangeError(`No tariff "${id.slice(0, 48)}": known are ${known}`);
}
