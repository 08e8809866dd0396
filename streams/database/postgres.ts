/** A PostgreSQL server, through `npm:pg`, imported here and nowhere else. */
import pg from "pg";
import { PostgresDialect } from "./kysely.ts";
import { OID, parseBigInteger, parseCalendarDate, parseNumeric } from "./columns.ts";

/** Connections of one process. The ledger, the outbox and the office use a few each. */
const CONNECTIONS_MAX = 10;
/** How long to wait for a server that does not answer before the caller hears of it. */
const CONNECT_TIMEOUT_MS = 5_000;

const PARSERS = new Map<number, (text: string) => unknown>([
  [OID.INT8, parseBigInteger],
  [OID.DATE, parseCalendarDate],
  [OID.NUMERIC, parseNumeric],
]);

/**
 * A dialect over a pool of connections to `url`. `onIdleLoss` hears when the server drops a
 * connection that nobody was using (a restart); the next query opens a new one.
 */
export function postgresDialect(url: string, onIdleLoss: (reason: string) => void) {
  const pool = new pg.Pool({
    connectionString: url,
    max: CONNECTIONS_MAX,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: "samay",
    types: {
      getTypeParser: (oid: number, format?: string) =>
        (format !== "binary" && PARSERS.get(oid)) ||
        pg.types.getTypeParser(oid, format as "text"),
    },
  });
  // Without a listener the pool's error event would end the process.
  pool.on("error", (error: Error) => onIdleLoss(error.message));
  return new PostgresDialect({ pool });
}
