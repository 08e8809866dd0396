/**
 * Confirmations for one slave from many shards, as one message. A concentrator's meters lie in every
 * partition: without this nearly every reading would be a message of its own.
 *
 * What waits here stands in the journal already. When the process dies it is lost, as any confirmation
 * may be: the slave sends again, and its repeated frame is confirmed by its reject.
 */
import type { Confirmation } from "../../protocol/messages/confirm.ts";
import type { Stoppable } from "../jetstream/broker.ts";
import type { Timers } from "../time/timers.ts";
import type { ShardPorts } from "./ports.ts";

/** How long the first of several waits for the others. */
const GATHER_MS = 100;
/** Readouts and refusals in one message: some 40 KiB. */
const ENTRIES_MAX = 500;
/** Slaves that something waits for. */
const SLAVES_MAX = 10_000;

interface Gathered {
  journal_sequence: number;
  readonly confirmed: Confirmation["confirmed"];
  readonly refused: Confirmation["refused"];
}

export class Confirmations implements Stoppable {
  readonly #timers: Timers;
  readonly #send: ShardPorts["confirm"];
  readonly #waiting = new Map<string, Gathered>();
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(timers: Timers, send: ShardPorts["confirm"]) {
    this.#timers = timers;
    this.#send = send;
  }

  /** Sent within `GATHER_MS`, at once when it makes a message full. */
  readonly add: ShardPorts["confirm"] = (slaveId, { journal_sequence, confirmed, refused }) => {
    if (this.#stopped) return;
    const gathered = this.#of(slaveId);
    gathered.journal_sequence = Math.max(gathered.journal_sequence, journal_sequence);
    gathered.confirmed.push(...confirmed);
    gathered.refused.push(...refused);
    if (gathered.confirmed.length + gathered.refused.length >= ENTRIES_MAX) {
      this.#waiting.delete(slaveId);
      this.#send(slaveId, gathered);
    }
    this.#cancel ??= this.#timers.after(GATHER_MS, () => this.#flush());
  };

  /** Sends what waits; nothing is sent any more behind it. */
  stop(): Promise<void> {
    this.#flush();
    this.#stopped = true;
    return Promise.resolve();
  }

  #of(slaveId: string): Gathered {
    const waiting = this.#waiting.get(slaveId);
    if (waiting !== undefined) return waiting;
    if (this.#waiting.size >= SLAVES_MAX) this.#flush();
    const gathered = { journal_sequence: 0, confirmed: [], refused: [] };
    this.#waiting.set(slaveId, gathered);
    return gathered;
  }

  #flush(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    for (const [slaveId, gathered] of this.#waiting) this.#send(slaveId, gathered);
    this.#waiting.clear();
  }
}
