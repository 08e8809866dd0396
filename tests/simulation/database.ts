/**
 * The database of the world: the ledger's tables with their unique keys, transactions that stand
 * whole or not at all, a cursor row that only one transaction holds, and commits whose answer is lost.
 * It stands in for the SQL behind `LedgerStore`, which tests on real databases cover.
 */
import { RetryableError } from "../../protocol/errors.ts";
import type { ReadingRow, SlaveRow } from "../../streams/database/ledger_rows.ts";
import type { LedgerStore, LedgerTransaction } from "../../streams/database/ledger_store.ts";
import type { Link, Server } from "./link.ts";
import { BillingTables } from "./billing_tables.ts";
import type { Random } from "./random.ts";

/** After this the server gives up a transaction whose client says nothing, and its locks. */
const IDLE_MAX_MS = 4_000;
const LOCK_POLL_MS = 40;

/** One commit of the ledger, as the judges see it. */
export interface Commit {
  readonly from: number;
  readonly to: number;
  readonly rows: readonly ReadingRow[];
}

export class WorldDatabase implements Server {
  readonly readings = new Map<string, ReadingRow>();
  readonly slaves = new Map<string, SlaveRow>();
  cursor = 0;
  fingerprint: string | null = null;
  up = true;
  life = 0;
  disk_ms = 1;
  onCommit = (_commit: Commit) => {};
  readonly links = new Set<Link>();
  readonly billing = new BillingTables();
  readonly #random: Random;
  readonly #holders = new Map<string, Open>();

  constructor(random: Random) {
    this.#random = random;
  }

  workTime(): number {
    return this.#random.between(0, this.disk_ms);
  }

  crash(): void {
    this.up = false;
    this.life += 1;
    this.#holders.clear();
    for (const link of this.links) link.reset();
  }

  restart(): void {
    this.up = true;
    for (const link of this.links) link.reconnect();
  }

  /** Locks `row` for `open`; false while another transaction that still lives holds it. */
  lock(row: string, open: Open, now_ms: number): boolean {
    const holder = this.#holders.get(row);
    if (holder && holder !== open && holder.seen_ms + IDLE_MAX_MS > now_ms) return false;
    this.#holders.set(row, open);
    open.locked = row;
    return true;
  }

  /** Throws when the server has given `open` up: it died, or another has the lock. */
  assertOpen(open: Open): void {
    const lost = open.locked !== undefined && this.#holders.get(open.locked) !== open;
    if (open.life !== this.life || lost) {
      throw new RetryableError("The transaction was given up by the server");
    }
  }

  release(open: Open): void {
    if (open.locked !== undefined && this.#holders.get(open.locked) === open) {
      this.#holders.delete(open.locked);
    }
    open.locked = undefined;
    open.life = -1;
  }
}

/** A transaction at the server: what it would write, and when its client was last heard. */
export class Open {
  seen_ms = 0;
  life = 0;
  /** The row that it holds. */
  locked: string | undefined;
  cursor: number | undefined;
  fingerprint: string | null = null;
  readings: ReadingRow[] = [];
  slaves: readonly SlaveRow[] = [];
}

export const keyOf = ({ meter_id, obis, read_at_ms }: ReadingRow) =>
  `${meter_id} ${obis} ${read_at_ms}`;

/** Runs `work` in a transaction: `finish` is its commit, at the server. */
export async function inTransaction<T>(
  database: WorldDatabase,
  link: Link,
  work: (open: Open) => Promise<T>,
  finish: (open: Open, result: T) => void,
): Promise<T> {
  const open = new Open();
  try {
    await link.call(() => void (open.life = database.life));
    const result = await work(open);
    await link.call(() => {
      database.assertOpen(open);
      finish(open, result);
      database.release(open);
    });
    return result;
  } finally {
    // A client that gives up closes its connection: the server lets go of what it held.
    link.toServer(() => database.release(open), 0);
  }
}

/** Something inside a transaction, at the server. */
export function ask<T>(
  database: WorldDatabase,
  link: Link,
  open: Open,
  action: () => T,
): Promise<T> {
  return link.call(() => {
    database.assertOpen(open);
    open.seen_ms = link.process.now_ms();
    return action();
  });
}

/** Waits until `open` holds `row`. */
export async function lockRow(database: WorldDatabase, link: Link, open: Open, row: string) {
  while (
    !await ask(database, link, open, () => database.lock(row, open, link.process.now_ms()))
  ) await new Promise<void>((resolve) => void link.process.after(LOCK_POLL_MS, resolve));
}

const CURSOR_ROW = "ledger_cursor";

/** `database` as the ledger of one process sees it over `link`. */
export function ledgerOver(database: WorldDatabase, link: Link): LedgerStore {
  return {
    place: () =>
      link.call(() => ({ sequence: database.cursor, fingerprint: database.fingerprint })),
    isDataFault: () => false,
    transaction: (work) =>
      inTransaction(
        database,
        link,
        (open) => work(transactionOver(database, link, open)),
        (open) => commit(database, open),
      ),
  };
}

function commit(database: WorldDatabase, open: Open): void {
  const from = database.cursor;
  for (const row of open.readings) database.readings.set(keyOf(row), row);
  for (const row of open.slaves) {
    const before = database.slaves.get(row.slave_id);
    if (before === undefined || before.last_seen_at_ms <= row.last_seen_at_ms) {
      database.slaves.set(row.slave_id, row);
    }
  }
  database.cursor = open.cursor ?? from;
  if (open.cursor !== undefined) database.fingerprint = open.fingerprint;
  database.onCommit({ from, to: database.cursor, rows: open.readings });
}

function transactionOver(database: WorldDatabase, link: Link, open: Open): LedgerTransaction {
  const at = <T>(action: () => T) => ask(database, link, open, action);
  return {
    lockCursor: async () => {
      await lockRow(database, link, open, CURSOR_ROW);
      return await at(() => database.cursor);
    },
    writeReadings: (rows) => at(() => insert(database, open, rows)),
    writeSlaves: (rows) => at(() => void (open.slaves = rows)),
    moveCursor: (sequence, fingerprint) =>
      at(() => void Object.assign(open, { cursor: sequence, fingerprint })),
  };
}

/** The unique key (meter, register, moment): what stands already stays as it is. */
function insert(database: WorldDatabase, open: Open, rows: readonly ReadingRow[]) {
  const conflicts = [];
  const fresh = new Map<string, ReadingRow>();
  for (const row of rows) {
    const key = keyOf(row);
    const stands = database.readings.get(key) ?? fresh.get(key);
    if (stands === undefined) {
      fresh.set(key, row);
    } else if (stands.value !== row.value) {
      const { meter_id, obis, read_at_ms, value: refused, journal_sequence } = row;
      const read_at = new Date(read_at_ms);
      conflicts.push({ meter_id, obis, read_at, kept: stands.value, refused, journal_sequence });
    }
  }
  open.readings = [...fresh.values()];
  return { inserted: fresh.size, conflicts };
}
