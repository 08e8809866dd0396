/**
 * Databases for tests: the embedded one, migrated, from an image (an empty one takes seconds to
 * make, a copy a fraction of one), and a PostgreSQL server where the machine has one installed.
 */
import { createHash } from "node:crypto";
import { embeddedDatabase } from "../../streams/database/connect.ts";
import { openDatabase } from "../../streams/database/connect.ts";
import { type Kysely, sql } from "../../streams/database/kysely.ts";
import { migrate } from "../../streams/database/migrate.ts";
import { startEmbedded } from "../../streams/database/pglite.ts";
import type { Database } from "../../streams/database/schema.ts";
import { postgresBinaries, startPostgres } from "./postgres.ts";

type Db = Kysely<Database>;

const ROOT = new URL("../../", import.meta.url);
const CACHE = new URL(".samay/cache/", ROOT);

/** Runs `fn` on a migrated embedded database of its own, in memory. */
export async function withDatabase(fn: (db: Db) => Promise<void>): Promise<void> {
  const db = await embeddedDatabase(await startEmbedded({ image: await migratedImage() }));
  try {
    await fn(db);
  } finally {
    await db.destroy();
  }
}

/**
 * Runs `fn` on a migrated PostgreSQL server of its own and its URL. Without PostgreSQL on this
 * machine it says so and returns false.
 */
export async function withPostgres(
  fn: (db: Db, url: string) => Promise<void>,
): Promise<boolean> {
  if (postgresBinaries() === undefined) {
    console.error("Skipped: no PostgreSQL server here (Debian: apt-get install postgresql)");
    return false;
  }
  await using server = await startPostgres();
  const db = await openDatabase({ url: server.url });
  try {
    await migrate(db);
    await fn(db, server.url);
  } finally {
    await db.destroy();
  }
  return true;
}

/** Registers `cases` as the steps of two tests: on the embedded database and on PostgreSQL. */
export function testOnEachDatabase(
  room: string,
  cases: Record<string, (db: Db) => Promise<void>>,
): void {
  const run = async (t: Deno.TestContext, db: Db) => {
    for (const [name, fn] of Object.entries(cases)) {
      await emptyTables(db);
      await t.step(name, () => fn(db));
    }
  };
  Deno.test(`${room} on the embedded database`, (t) => withDatabase((db) => run(t, db)));
  Deno.test({
    name: `${room} on PostgreSQL`,
    ignore: postgresBinaries() === undefined,
    fn: async (t) => void await withPostgres((db) => run(t, db)),
  });
}

/** Empties every table, and sets the ledger's cursor to the start of the journal. */
export async function emptyTables(db: Db): Promise<void> {
  await sql`
    truncate consumer, account, meter, installation, slave, raw_reading, tariff, billing_cycle,
      billing_run, billing_run_page,
      invoice, invoice_line, invoice_series, payment, credit_note, account_entry, due_sweep,
      upload_part, notification, suppression, outbox, audit, ledger_cursor,
      data_import, data_import_row, data_import_fault,
      fac_rate, reading_decision, reading_conflict, reading_unvalidated, validation_cursor
      restart identity`.execute(db);
  await db.insertInto("ledger_cursor").values({ stream: "JOURNAL", sequence: 0 }).execute();
  await db.insertInto("validation_cursor").values({ stream: "JOURNAL", sequence: 0 }).execute();
}

let image: Promise<Blob> | undefined;

/** An embedded database with every table and no rows, as `startEmbedded()` takes it. */
export function migratedImage(): Promise<Blob> {
  return image ??= readOrMakeImage();
}

async function readOrMakeImage(): Promise<Blob> {
  const file = new URL(`database-${await imageKey()}.tar`, CACHE);
  try {
    return new Blob([await Deno.readFile(file)]);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const pglite = await startEmbedded();
  const db = await embeddedDatabase(pglite);
  await migrate(db);
  const made = await pglite.dumpDataDir("none");
  await db.destroy();
  await keepImage(file, made);
  return made;
}

/** Changes with the database's version and with every migration. */
async function imageKey(): Promise<string> {
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT)));
  const hash = createHash("sha256").update(imports["@electric-sql/pglite"]);
  const folder = new URL("migrations/", ROOT);
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  for (const name of names) hash.update(await Deno.readTextFile(new URL(name, folder)));
  return hash.digest("hex").slice(0, 16);
}

/** Written beside and renamed, so that a test that runs at the same time reads a whole one. */
async function keepImage(file: URL, made: Blob): Promise<void> {
  await Deno.mkdir(CACHE, { recursive: true });
  for (const { name } of [...Deno.readDirSync(CACHE)]) {
    if (/^database-.*\.tar$/.test(name)) await Deno.remove(new URL(name, CACHE));
  }
  const part = new URL(`database-${crypto.randomUUID()}.part`, CACHE);
  await Deno.writeFile(part, new Uint8Array(await made.arrayBuffer()));
  await Deno.rename(part, file);
}
