/**
 * Who owns what, and how far each partition has come: read from the broker alone, so that it can be
 * asked when nothing else answers any more. The journal tells owner, epoch and cursor; the bucket
 * `samay_owners` leases and beats; FRAMES what waits behind the cursor.
 */
import { id } from "../../protocol/messages/common.ts";
import { journalRecord } from "../../protocol/messages/journal.ts";
import { parseJson, z } from "../../protocol/schema.ts";
import { PARTITIONS, partitionToken, subjects } from "../../protocol/subjects.ts";
import type { NatsBroker } from "../jetstream/connection.ts";
import { framesBehind, type LastStored, lastStored } from "../jetstream/stream_places.ts";

const OWNERS = "KV_samay_owners";
const OWNER_KEYS = "$KV.samay_owners";
/** Questions to the broker at a time. */
const AT_ONCE = 16;

const share = z.object({
  opened: z.number(),
  trials_mean: z.number().nullable(),
  rejected: z.number(),
  last_arrival: z.string().nullable(),
});

/** What a master says of itself. An older one says less. */
const beat = z.object({
  owner: id,
  partitions: z.number().default(0),
  started: z.string().nullable().default(null),
  opened: z.number().default(0),
  trials_mean: z.number().nullable().default(null),
  rejected: z.record(z.string(), z.number()).default({}),
  shares: z.record(z.string(), share).default({}),
});
type Beat = z.output<typeof beat>;

const lease = z.object({ owner: id });

export interface MasterLine {
  readonly instance: string;
  readonly alive: boolean;
  /** Since its last beat, in seconds, by the clock of this machine against the broker's. */
  readonly last_seen_s: number;
  readonly partitions: number;
  readonly started: string | null;
  readonly opened: number;
  readonly trials_mean: number | null;
  readonly rejected: Readonly<Record<string, number>>;
}

export interface PartitionLine {
  readonly partition: number;
  /** Instance with a lease that is renewed; null: nobody works here. */
  readonly owner: string | null;
  /** Of the journal; 0: nobody ever owned it. */
  readonly epoch: number;
  /** Frames in FRAMES that are not journaled yet. */
  readonly lag: number;
  /** By its owner, since it took the partition; null where it does not say. */
  readonly opened: number | null;
  readonly trials_mean: number | null;
  readonly rejected: number | null;
  readonly last_arrival: string | null;
}

export interface MastersView {
  readonly masters: readonly MasterLine[];
  readonly partitions: readonly PartitionLine[];
  readonly totals: {
    readonly masters: number;
    readonly without_owner: number;
    readonly lag: number;
    readonly opened: number;
    readonly trials_mean: number | null;
    readonly rejected: number;
  };
}

/** Throws `RetryableError` when the broker is out of reach. `lease_ms` after which silence is death. */
export async function viewMasters(
  broker: NatsBroker,
  now_ms: number,
  lease_ms: number,
): Promise<MastersView> {
  const bucket = await broker.bucket("samay_owners");
  const instances = (await bucket.keys()).filter((key) => key.startsWith("master."));
  const beats = new Map<string, { beat: Beat; silent_ms: number }>();
  await eachOf(instances, async (key) => {
    const stored = await lastStored(broker, OWNERS, `${OWNER_KEYS}.${key}`);
    if (stored === undefined) return;
    const read = parseJson(beat, textOf(stored), `Entry ${key} of samay_owners`);
    beats.set(read.owner, { beat: read, silent_ms: now_ms - stored.stored_ms });
  });
  const partitions: PartitionLine[] = [];
  await eachOf(Array.from({ length: PARTITIONS }, (_, partition) => partition), async (one) => {
    partitions.push(await partitionLine(broker, one, beats, now_ms, lease_ms));
  });
  partitions.sort((a, b) => a.partition - b.partition);
  const masters = [...beats.values()].map(({ beat, silent_ms }) =>
    masterLine(beat, silent_ms, lease_ms)
  ).sort((a, b) => a.instance < b.instance ? -1 : 1);
  return { masters, partitions, totals: totalsOf(masters, partitions) };
}

function masterLine(
  { owner, shares: _, ...said }: Beat,
  silent_ms: number,
  lease_ms: number,
): MasterLine {
  return {
    instance: owner,
    alive: silent_ms < lease_ms,
    last_seen_s: Math.max(0, Math.round(silent_ms / 100) / 10),
    ...said,
  };
}

async function partitionLine(
  broker: NatsBroker,
  partition: number,
  beats: ReadonlyMap<string, { readonly beat: Beat; readonly silent_ms: number }>,
  now_ms: number,
  lease_ms: number,
): Promise<PartitionLine> {
  const token = partitionToken(partition);
  const [leased, journaled] = await Promise.all([
    lastStored(broker, OWNERS, `${OWNER_KEYS}.partition.${token}`),
    lastStored(broker, "JOURNAL", subjects.journal("meter", partition)),
  ]);
  const owner = leased !== undefined && now_ms - leased.stored_ms < lease_ms
    ? parseJson(lease, textOf(leased), `Lease of partition ${token}`).owner
    : null;
  const { epoch, cursor } = journaled === undefined
    ? { epoch: 0, cursor: 0 }
    : parseJson(journalRecord, textOf(journaled), `Journal record ${journaled.sequence}`);
  const lag = await framesBehind(broker, partition, cursor);
  const said = owner === null ? undefined : beats.get(owner)?.beat.shares[token];
  const { opened = null, trials_mean = null, rejected = null, last_arrival = null } = said ?? {};
  return { partition, owner, epoch, lag, opened, trials_mean, rejected, last_arrival };
}

function totalsOf(
  masters: readonly MasterLine[],
  partitions: readonly PartitionLine[],
): MastersView["totals"] {
  const live = masters.filter(({ alive }) => alive);
  const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
  const opened = sum(live.map((one) => one.opened));
  const trials = sum(live.map((one) => one.opened * (one.trials_mean ?? 0)));
  return {
    masters: live.length,
    without_owner: partitions.filter(({ owner }) => owner === null).length,
    lag: sum(partitions.map(({ lag }) => lag)),
    opened,
    trials_mean: opened === 0 ? null : Math.round(trials / opened * 1_000) / 1_000,
    rejected: sum(live.flatMap(({ rejected }) => Object.values(rejected))),
  };
}

async function eachOf<T>(things: readonly T[], action: (thing: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < things.length; from += AT_ONCE) {
    await Promise.all(things.slice(from, from + AT_ONCE).map(action));
  }
}

function textOf({ payload }: LastStored): string {
  return new TextDecoder().decode(payload);
}
