/**
 * The journal as the ledger reads it: every record of every partition, in the order of the stream;
 * and the mark that tells the masters how far it has come, so that nothing is trimmed before.
 */
import type { Log } from "../terminal/log.ts";
import type { JournalEntry, JournalFeed } from "../database/ledger_feed.ts";
import type { Bucket } from "./broker.ts";
import type { NatsBroker } from "./connection.ts";
import { OrderedInput } from "./ordered_input.ts";

const LEDGER_KEY = "ledger";
/** How long a read waits for the first record. */
const WAIT_MS = 500;
/** The mark only serves trimming: once in a while is enough. */
const MARK_EVERY_MS = 2_000;

/** The journal sequence that the ledger has committed, 0 before the first. */
export async function ledgerPassed(snapshots: Bucket): Promise<number> {
  const entry = await snapshots.get(LEDGER_KEY);
  return entry ? Number(new TextDecoder().decode(entry.value)) : 0;
}

export interface StreamFeed extends JournalFeed {
  /** Tells the masters that the database holds everything up to `sequence`. */
  passed(sequence: number): void;
  stop(): Promise<void>;
}

export async function journalFeed(broker: NatsBroker, log: Log): Promise<StreamFeed> {
  const snapshots = await broker.bucket("samay_snapshots");
  let input: OrderedInput | undefined;
  let position = -1;
  let marked_ms = -Infinity;

  const reopen = async (after: number) => {
    const before = input;
    input = undefined; // A stopped one gives nothing: it may not stay if the next cannot be opened.
    await before?.stop();
    const next = new OrderedInput(broker, {
      stream: "JOURNAL",
      filter: "samay.journal.*.*",
      name: `ledger-${crypto.randomUUID().slice(0, 8)}`,
      description: "The ledger projects the journal into the database",
      cursor: after,
      log,
    });
    await next.open();
    input = next;
    position = after;
  };

  return {
    read: async (after, limit, signal) => {
      if (signal.aborted) return [];
      if (input === undefined || position !== after) await reopen(after);
      const taken = await input!.take(limit, WAIT_MS);
      position = taken.at(-1)?.sequence ?? position;
      return taken.map(entryOf);
    },
    lastSequence: async () => {
      const manager = await broker.manager();
      return (await manager.streams.info("JOURNAL")).state.last_seq;
    },
    markedSequence: () => ledgerPassed(snapshots),
    passed: (sequence) => {
      if (broker.timers.now_ms() - marked_ms < MARK_EVERY_MS) return;
      marked_ms = broker.timers.now_ms();
      snapshots.put(LEDGER_KEY, new TextEncoder().encode(String(sequence)))
        .catch((error) => log.warn("ledger mark not written", { reason: error.message }));
    },
    stop: async () => await input?.stop(),
  };
}

/** Bytes that are no JSON are handed on as they are: the ledger sets them aside with the reason. */
function entryOf(message: { sequence: number; payload: Uint8Array }): JournalEntry {
  const text = new TextDecoder().decode(message.payload);
  try {
    return { sequence: message.sequence, record: JSON.parse(text) };
  } catch {
    return { sequence: message.sequence, record: message.payload };
  }
}
