/**
 * What one master counts for people: frames opened, trials, rejects, by partition, from the moment
 * at which it took the partition. It goes with every beat into `samay_owners`.
 */
import type { JournalRecord } from "../../protocol/messages/journal.ts";
import { partitionToken } from "../../protocol/subjects.ts";
import type { Journal, ShardPorts } from "./ports.ts";

interface Share {
  opened: number;
  trials: number;
  rejected: number;
  /** Arrival of the last frame that was decided, Unix milliseconds. */
  last_arrival_ms: number;
}

export class MasterFigures {
  readonly #shares = new Map<number, Share>();
  readonly #rejected = new Map<string, number>();
  readonly #started_ms: number;
  #opened = 0;
  #trials = 0;

  /** `started_ms`: when the master started, Unix milliseconds. */
  constructor(started_ms: number) {
    this.#started_ms = started_ms;
  }

  /** `ports` with every record of the meters counted once it stands. */
  counting(ports: ShardPorts): ShardPorts {
    return {
      ...ports,
      journal: (kind, partition) => {
        const journal = ports.journal(kind, partition);
        return kind === "meter" ? this.#counted(journal) : journal;
      },
    };
  }

  #counted(journal: Journal): Journal {
    return {
      append: async (record, after) => {
        const sequence = await journal.append(record, after);
        this.#count(record);
        return sequence;
      },
      read: (after) => journal.read(after),
    };
  }

  #count({ type, partition, events }: JournalRecord): void {
    let share = this.#shares.get(partition);
    if (share === undefined || type === "epoch") {
      share = { opened: 0, trials: 0, rejected: 0, last_arrival_ms: 0 };
      this.#shares.set(partition, share);
    }
    for (const event of events) {
      if (event.event === "session") continue;
      share.last_arrival_ms = event.arrival_ms;
      if (event.event === "reading") {
        share.opened += 1;
        share.trials += event.trials;
        this.#opened += 1;
        this.#trials += event.trials;
      } else {
        share.rejected += 1;
        this.#rejected.set(event.reason, (this.#rejected.get(event.reason) ?? 0) + 1);
      }
    }
  }

  /** For the beat: `held` are the partitions that are open here. */
  about(held: ReadonlySet<number>): Readonly<Record<string, unknown>> {
    const shares = [...held].sort((a, b) => a - b).flatMap((partition) => {
      const share = this.#shares.get(partition);
      if (share === undefined) return [];
      const { opened, trials, rejected, last_arrival_ms } = share;
      return [[partitionToken(partition), {
        opened,
        trials_mean: meanOf(trials, opened),
        rejected,
        last_arrival: last_arrival_ms === 0 ? null : new Date(last_arrival_ms).toISOString(),
      }]];
    });
    return {
      started: new Date(this.#started_ms).toISOString(),
      opened: this.#opened,
      trials_mean: meanOf(this.#trials, this.#opened),
      rejected: Object.fromEntries(this.#rejected),
      shares: Object.fromEntries(shares),
    };
  }
}

function meanOf(sum: number, count: number): number | null {
  return count === 0 ? null : Math.round(sum / count * 1_000) / 1_000;
}
