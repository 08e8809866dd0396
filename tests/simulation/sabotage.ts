/**
 * The mechanisms that keep the invariants, each taken out of a world by spoiling what the code under
 * test stands on. A world that does not notice would be no proof of anything.
 */
import { meterActor } from "../../actors/meter/meter.ts";
import { outputsOf } from "../../actors/shard/outputs.ts";
import { freshMeter, type MeterState } from "../../actors/meter/state.ts";
import type { ReadingRow, SlaveRow } from "../../streams/database/ledger_rows.ts";
import type { InputSource } from "../../streams/masters/ports.ts";
import { slaveOf } from "./meters.ts";
import type { Sabotage, World } from "./world.ts";

/** The broker takes every append, whatever stands last on the subject. */
const fence: Sabotage = {
  broker: (broker) => void (broker.stream("JOURNAL").fenced = false),
};

/**
 * The cursor is what the broker remembers of acknowledgements, as with a plain durable consumer: each
 * message is acknowledged as it is taken, and a crash of the broker forgets what was not on its disk.
 */
const cursorInJournal: Sabotage = {
  ports: (ports, _broker, world) => ({
    ...ports,
    input: async (kind, partition, epoch) => {
      const acks = acksOf(world, `${kind} ${partition}`);
      const source = await ports.input(kind, partition, epoch, acks.sequence);
      return {
        take: async (limit, wait_ms) => {
          const taken = await source.take(limit, wait_ms);
          acksOf(world, `${kind} ${partition}`).sequence = taken.at(-1)?.sequence ?? acks.sequence;
          return taken;
        },
        stop: () => source.stop(),
      } satisfies InputSource;
    },
  }),
};

interface Acks {
  readonly life: number;
  sequence: number;
}
const acknowledged = new WeakMap<World, Map<string, Acks>>();

function acksOf(world: World, key: string): Acks {
  const all = acknowledged.get(world) ?? new Map<string, Acks>();
  acknowledged.set(world, all);
  let acks = all.get(key);
  if (acks?.life !== world.broker.life) {
    all.set(key, acks = { life: world.broker.life, sequence: 0 });
  }
  return acks;
}

/** Confirmations leave before their record stands. */
const outputGate: Sabotage = {
  ports: (ports) => ({
    ...ports,
    journal: (kind, partition) => {
      const journal = ports.journal(kind, partition);
      return {
        read: (after) => journal.read(after),
        append: (record, after) => {
          for (const { slaveId, body } of outputsOf(record, after + 1, slaveOf).confirmations) {
            ports.confirm(slaveId, body);
          }
          return journal.append(record, after);
        },
      };
    },
  }),
};

/** Snapshots hold everything of a meter but its replay window. */
const replayWindow: Sabotage = {
  ports: (ports) => ({
    ...ports,
    snapshots: {
      ...ports.snapshots,
      load: async (kind, partition) => {
        const snapshot = await ports.snapshots.load(kind, partition);
        if (snapshot === undefined || kind !== "meter") return snapshot;
        const states = Object.entries(snapshot.states).map(([id, state]) => {
          const known: MeterState = meterActor.decode(id, state);
          return [id, meterActor.encode({ ...known, replay: freshMeter(id).replay })];
        });
        return { ...snapshot, states: Object.fromEntries(states) };
      },
    },
  }),
};

/** The journal is trimmed behind the snapshot, wherever the ledger is. */
const trimBehindLedger: Sabotage = {
  ports: (ports) => ({ ...ports, ledgerPassed: () => Promise.resolve(Infinity) }),
};

/** The ledger's cursor moves in a transaction of its own, and the rows follow. */
const cursorTransaction: Sabotage = {
  store: (store) => ({
    ...store,
    transaction: async (work) => {
      const written: { rows: readonly ReadingRow[]; slaves: readonly SlaveRow[]; next: number } = {
        rows: [],
        slaves: [],
        next: 0,
      };
      const result = await work({
        lockCursor: async () => (await store.place()).sequence,
        writeReadings: (rows) => {
          written.rows = rows;
          return Promise.resolve({ inserted: rows.length, conflicts: [] });
        },
        writeSlaves: (slaves) => Promise.resolve(void (written.slaves = slaves)),
        moveCursor: (next) => Promise.resolve(void (written.next = next)),
      });
      await store.transaction(async (transaction) => {
        const cursor = await transaction.lockCursor();
        await transaction.moveCursor(Math.max(cursor, written.next), null);
      });
      await store.transaction(async (transaction) => {
        await transaction.writeReadings(written.rows);
        await transaction.writeSlaves(written.slaves);
      });
      return result;
    },
  }),
};

/** Steps of a cycle do not lock their account, and no index refuses a second live invoice. */
const invoiceUnique: Sabotage = {
  database: ({ billing }) => void Object.assign(billing, { locksAccounts: false, unique: false }),
};

/** By name, as `--sabotage` takes them. */
export const sabotages: Readonly<Record<string, Sabotage>> = {
  "fence": fence,
  "cursor-in-journal": cursorInJournal,
  "output-gate": outputGate,
  "replay-window": replayWindow,
  "trim-behind-ledger": trimBehindLedger,
  "cursor-transaction": cursorTransaction,
  "invoice-unique": invoiceUnique,
};
