/** A PostgreSQL server, through `npm:pg`, imported here and nowhere else. */
import { Buffer } from "node:buffer";
import pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { isCopy } from "./copy_binary.ts";
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

/** Takes a COPY with its rows as the parameter, like any other query. */
class Client extends pg.Client {
  constructor(...given: ConstructorParameters<typeof pg.Client>) {
    super(...given);
    // Lost between two queries of a transaction: the pool does not listen while a client is lent,
    // and without a listener the process would end. The next query hears of it; the pool drops it.
    this.on("error", () => {});
  }

  // deno-lint-ignore no-explicit-any
  override query(...given: any[]): any {
    const [text, parameters] = given;
    if (typeof text === "string" && isCopy(text, parameters)) {
      return this.#copy(text, parameters[0]);
    }
    return super.query(...(given as [string]));
  }

  async #copy(text: string, rows: Uint8Array): Promise<{ rows: [] }> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const stream = super.query(copyFrom(text));
    stream.on("finish", resolve);
    stream.on("error", reject);
    stream.end(Buffer.from(rows.buffer, rows.byteOffset, rows.byteLength));
    await promise;
    return { rows: [] };
  }
}

/**
 * A dialect over a pool of connections to `url`. `onIdleLoss` hears when the server drops a
 * connection that nobody was using (a restart); the next query opens a new one.
 */
export function postgresDialect(url: string, onIdleLoss: (reason: string) => void) {
  const pool = new pg.Pool({
    Client,
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
