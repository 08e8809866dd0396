/** The embedded PostgreSQL, through `npm:@electric-sql/pglite`, imported here and nowhere else. */
import { PGlite, type Transaction } from "@electric-sql/pglite";
import { isCopy } from "./copy_binary.ts";
import { PGliteDialect } from "./kysely.ts";
import { OID, parseBigInteger, parseCalendarDate, parseNumeric } from "./columns.ts";

export type { PGlite };

export interface EmbeddedOptions {
  /** Directory of the data; without it everything is in memory and gone at the end. */
  readonly dataDir?: string;
  /** An image made by `dumpDataDir()`, to start from. */
  readonly image?: Blob;
}

/** Starts the embedded database. The first start in an empty directory takes some seconds. */
export async function startEmbedded(options: EmbeddedOptions = {}): Promise<PGlite> {
  return await PGlite.create({
    ...(options.dataDir === undefined ? {} : { dataDir: options.dataDir }),
    ...(options.image === undefined ? {} : { loadDataDir: options.image }),
    parsers: {
      [OID.INT8]: parseBigInteger,
      [OID.DATE]: parseCalendarDate,
      [OID.NUMERIC]: parseNumeric,
    },
  });
}

/**
 * A dialect over a running embedded database. It has one connection, which queries share in turn,
 * so a query on the database from inside a transaction's callback waits for ever: use the
 * transaction. `onClosed` runs after `destroy()` has closed the database.
 */
export function embeddedDialect(pglite: PGlite, onClosed: () => void): PGliteDialect {
  const close = pglite.close.bind(pglite);
  pglite.close = async () => {
    try {
      await close();
    } finally {
      onClosed();
    }
  };
  const transaction = pglite.transaction.bind(pglite);
  pglite.transaction = (work) => transaction((trx) => work(withCopy(trx)));
  return new PGliteDialect({ pglite });
}

/** Takes a COPY with its rows as the parameter, like any other query. */
function withCopy(trx: Transaction): Transaction {
  const query = trx.query.bind(trx);
  trx.query = (text, parameters, options) =>
    isCopy(text, parameters)
      ? query(text.replace(" from stdin ", " from '/dev/blob' "), [], {
        ...options,
        blob: new Blob([new Uint8Array(parameters[0])]),
      })
      : query(text, parameters, options);
  return trx;
}
