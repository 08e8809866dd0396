/**
 * The tariffs that come with the product, and those that a utility adds: as data, from outside.
 * Adding one to the product is adding its document here.
 */
import { parseOrExplain } from "../../../protocol/schema.ts";
import exampleCommercialTod from "../tariffs/example-commercial-tod.json" with { type: "json" };
import exampleNonTelescopic from "../tariffs/example-non-telescopic.json" with { type: "json" };
import karnatakaLt1 from "../tariffs/karnataka-lt-1.json" with { type: "json" };
import msedclLt1b from "../tariffs/msedcl-lt-1b.json" with { type: "json" };
import rajasthanLt1 from "../tariffs/rajasthan-lt-1.json" with { type: "json" };
import tnpdclLt1a from "../tariffs/tnpdcl-lt-1a.json" with { type: "json" };
import { type TariffDocument, tariffDocument } from "./document.ts";

const shipped: readonly TariffDocument[] = [
  exampleCommercialTod,
  exampleNonTelescopic,
  karnatakaLt1,
  msedclLt1b,
  rajasthanLt1,
  tnpdclLt1a,
].map((raw) => parseOrExplain(tariffDocument, raw, `Tariff ${raw.id}`));

/**
 * All tariffs in order of their ids: those of the product, and `own`. Throws `RangeError` for one of
 * `own` whose id is another's: which of the two bills must not hang on an order.
 */
export function tariffs(own: readonly TariffDocument[] = []): readonly TariffDocument[] {
  if (own.length === 0) return shipped;
  const all = [...shipped, ...own].sort((a, b) => a.id < b.id ? -1 : 1);
  const twice = all.find(({ id }, i) => all[i + 1]?.id === id);
  if (twice === undefined) return all;
  throw new RangeError(`Two tariffs are called ${twice.id}: give one of them another id`);
}

/** The tariff called `id` of `documents`. Throws `RangeError` that names the known ones. */
export function tariffOf(
  id: string,
  documents: readonly TariffDocument[] = shipped,
): TariffDocument {
  const found = documents.find((document) => document.id === id);
  if (found !== undefined) return found;
  const known = documents.map((document) => document.id).join(", ");
  throw new RangeError(`No tariff "${id.slice(0, 48)}": known are ${known}`);
}

/** The tariff called `id`, for a bill. Throws `RangeError` for one that is only an example, too. */
export function billableTariffOf(
  id: string,
  documents: readonly TariffDocument[] = shipped,
): TariffDocument {
  const found = tariffOf(id, documents);
  if (found.example_only === undefined) return found;
  throw new RangeError(`Tariff ${id} bills nobody: ${found.example_only}`);
}
