/** Keeps the tariffs in the database too, version by version, for those who work with SQL. */
import type { TariffDocument } from "../../actors/billing/tariff/document.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";

/** Writes every version of each of `tariffs` that may bill. Bills hold their own copy. */
export async function storeTariffs(
  db: Kysely<Database>,
  tariffs: readonly TariffDocument[],
): Promise<void> {
  const billing = tariffs.filter(({ example_only }) => example_only === undefined);
  const rows = billing.flatMap((document) =>
    document.versions.map((version) => ({
      tariff_id: document.id,
      effective_from: version.effective_from,
      effective_to: version.effective_to,
      document: JSON.stringify({ ...document, versions: [version] }),
    }))
  );
  await db.insertInto("tariff").values(rows)
    .onConflict((conflict) =>
      conflict.columns(["tariff_id", "effective_from"]).doUpdateSet((of) => ({
        effective_to: of.ref("excluded.effective_to"),
        document: of.ref("excluded.document"),
      }))
    ).execute();
}
