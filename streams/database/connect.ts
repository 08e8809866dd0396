/** Opens the database: a PostgreSQL server where a URL is given, else the embedded one. */
import { TerminalError } from "../../protocol/errors.ts";
import { type Log, silentLog } from "../terminal/log.ts";
import { lockDirectory } from "./directory_lock.ts";
import { Kysely, sql } from "./kysely.ts";
import { embeddedDialect, type PGlite, startEmbedded } from "./pglite.ts";
import { postgresDialect } from "./postgres.ts";
import type { Database } from "./schema.ts";

export interface DatabaseOptions {
  /** `postgres://user:password@host:port/name`. Wins over `dataDir`. */
  readonly url?: string;
  /** Directory of the embedded database, made if absent. One process at a time. */
  readonly dataDir?: string;
  readonly log?: Log;
}

/**
 * The database of `options`; `destroy()` closes it and lets go of the directory. A PostgreSQL server
 * is first spoken to by the first query. Throws `TerminalError` when the directory is in use, the
 * URL is none, or neither is given.
 */
export async function openDatabase(options: DatabaseOptions): Promise<Kysely<Database>> {
  const { url, dataDir, log = silentLog } = options;
  if (url !== undefined) {
    checkUrl(url);
    return new Kysely({
      dialect: postgresDialect(
        url,
        (reason) => log.warn("The database server closed an idle connection", { reason }),
      ),
    });
  }
  if (dataDir === undefined) {
    throw new TerminalError("No database: give DATABASE_URL or a directory for the embedded one");
  }
  return await openEmbedded(dataDir);
}

async function openEmbedded(dataDir: string): Promise<Kysely<Database>> {
  const release = await lockDirectory(dataDir);
  try {
    await Deno.mkdir(dataDir, { recursive: true, mode: 0o700 });
    return await embeddedDatabase(await startEmbedded({ dataDir }), release);
  } catch (error) {
    release();
    throw error;
  }
}

/** A query builder over a running embedded database, which `destroy()` closes. */
export async function embeddedDatabase(
  pglite: PGlite,
  onClosed: () => void = () => {},
): Promise<Kysely<Database>> {
  const db = new Kysely<Database>({ dialect: embeddedDialect(pglite, onClosed) });
  // A builder that never ran a query does not close what it was given.
  await sql`select 1`.execute(db);
  return db;
}

function checkUrl(url: string): void {
  const protocol = URL.canParse(url) ? new URL(url).protocol : "";
  if (protocol === "postgres:" || protocol === "postgresql:") return;
  // The URL itself stays out of the message: it may hold a password.
  throw new TerminalError(
    "DATABASE_URL is not of the form postgres://user:password@host:port/name",
  );
}
