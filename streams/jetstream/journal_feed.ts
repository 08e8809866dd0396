/**
 * The journal as the ledger reads it: every record of every partition, in the order of the stream;
 * and the mark that tells the masters how far it has come, so that nothing is trimmed before.
 */
import { createHash } from "node:crypto";
import { RetryableError } from "../../protocol/errors.ts";
import type { Log } from "../terminal/log.ts";
import type { JournalEntry, JournalFeed } from "../database/ledger_feed.ts";
import type { Bucket } from "./broker.ts";
import type { NatsBroker } from "./connection.ts";
import { OrderedInput } from "./ordered_input.ts";
import { storedMessage } from "./stored.ts";

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
  let made = 0;
  let marked_ms = -Infinity;

  const close = async () => {
    const before = input;
    input = undefined; // A stopped one gives nothing: it may not stay if the next cannot be opened.
    await before?.stop();
  };
  const reopen = async (after: number) => {
    await close();
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
    made = next.made;
  };

  return {
    read: async (after, limit, signal) => {
      if (signal.aborted) return [];
      if (input === undefined || position !== after) await reopen(after);
      const taken = await input!.take(limit, WAIT_MS);
      if (input!.made !== made) {
        await close();
        throw new RetryableError("The journal was out of reach: it may be another one now", 0);
      }
      position = taken.at(-1)?.sequence ?? position;
      return taken.map((message, index) => entryOf(message, index === taken.length - 1));
    },
    lastSequence: async () => {
      const manager = await broker.manager();
      return (await manager.streams.info("JOURNAL")).state.last_seq;
    },
    fingerprintAt: async (sequence) => {
      const stored = await storedMessage(await broker.manager(), "JOURNAL", sequence);
      return stored.found ? fingerprintOf(stored.payload) : undefined;
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
function entryOf(
  { sequence, payload }: { sequence: number; payload: Uint8Array },
  isLast: boolean,
): JournalEntry {
  const place = { sequence, ...(isLast && { fingerprint: fingerprintOf(payload) }) };
  try {
    return { ...place, record: JSON.parse(new TextDecoder().decode(payload)) };
  } catch {
    return { ...place, record: payload };
  }
}

/** Owner, epoch and cursor are in every record: no two are alike. */
function fingerprintOf(payload: Uint8Array): string {
  return createHash("sha256").update(payload).digest("hex");
}
