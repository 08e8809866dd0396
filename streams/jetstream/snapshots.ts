/**
 * Snapshots of shards in a KV bucket: chunks first, then the manifest that names them, then the old
 * chunks are taken out. Until the manifest stands the old snapshot does, so a crash in between costs
 * nothing. A manifest is only ever replaced by one of a later journal sequence, so a master that lost
 * its partition cannot put an old state back.
 */
import { RetryableError } from "../../protocol/errors.ts";
import { parseJson, z } from "../../protocol/schema.ts";
import { type JournalKind, partitionToken } from "../../protocol/subjects.ts";
import type { Snapshot, Snapshots } from "../masters/ports.ts";
import type { Bucket } from "./broker.ts";
import { chunksOf, readChunk } from "./snapshot_chunks.ts";

/** Most chunks that a manifest is believed to have: half a GiB of states. */
const CHUNKS_MAX = 1_024;

const manifest = z.object({
  version: z.int(),
  journal_sequence: z.int(),
  epoch: z.int(),
  cursor: z.int(),
  chunks: z.array(z.string()).max(CHUNKS_MAX),
  /** Absent where all the chunks together are one JSON document, as they were at first. */
  encoding: z.literal("deflated").optional(),
});
type Manifest = z.infer<typeof manifest>;

export function snapshotsIn(bucket: Bucket): Snapshots {
  return {
    load: (kind, partition) => load(bucket, kind, partition),
    save: (kind, partition, snapshot) => save(bucket, kind, partition, snapshot),
    sequenceOf: async (kind, partition) =>
      (await manifestOf(bucket, keyOf(kind, partition)))?.journal_sequence ?? 0,
  };
}

const keyOf = (kind: JournalKind, partition: number) => `${kind}.${partitionToken(partition)}`;

async function manifestOf(bucket: Bucket, key: string) {
  const entry = await bucket.get(key);
  if (entry === undefined) return undefined;
  const text = new TextDecoder().decode(entry.value);
  return { revision: entry.revision, ...parseJson(manifest, text, `Snapshot ${key}`) };
}

async function load(
  bucket: Bucket,
  kind: JournalKind,
  partition: number,
): Promise<Snapshot | undefined> {
  const found = await manifestOf(bucket, keyOf(kind, partition));
  if (found === undefined) return undefined;
  const { version, journal_sequence, epoch, cursor } = found;
  const read = found.encoding === undefined ? jsonOf : deflatedOf;
  const states = await read(bucket, found.chunks);
  return { version, journal_sequence, epoch, cursor, states };
}

async function chunkAt(bucket: Bucket, key: string): Promise<Uint8Array> {
  const chunk = await bucket.get(key);
  // A later snapshot has replaced this one while we read: the caller tries again.
  if (chunk === undefined) throw new RetryableError(`Snapshot chunk ${key} is gone`);
  return chunk.value;
}

async function deflatedOf(bucket: Bucket, chunks: readonly string[]): Promise<Snapshot["states"]> {
  const states: Record<string, unknown> = {};
  for (const key of chunks) {
    readChunk(await chunkAt(bucket, key), `Snapshot chunk ${key}`, states);
  }
  return states;
}

/** Chunks as they were written before: cut anywhere, and read as a whole. */
async function jsonOf(bucket: Bucket, chunks: readonly string[]): Promise<Snapshot["states"]> {
  const decoder = new TextDecoder();
  let text = "";
  for (const key of chunks) text += decoder.decode(await chunkAt(bucket, key), { stream: true });
  return JSON.parse(text + decoder.decode());
}

async function save(
  bucket: Bucket,
  kind: JournalKind,
  partition: number,
  snapshot: Snapshot,
): Promise<void> {
  const key = keyOf(kind, partition);
  const before = await manifestOf(bucket, key);
  if (before && before.journal_sequence >= snapshot.journal_sequence) return;
  const { version, journal_sequence, epoch, cursor } = snapshot;
  const mine = `${key}.${journal_sequence}`;
  const chunks: string[] = [];
  let first: number | undefined;
  for (const chunk of chunksOf(snapshot.states)) {
    const name = `${mine}.${chunks.length}`;
    const revision = await bucket.put(name, chunk);
    first ??= revision;
    chunks.push(name);
  }
  const next: Manifest = {
    ...{ version, journal_sequence, epoch, cursor, chunks },
    encoding: "deflated",
  };
  const value = new TextEncoder().encode(JSON.stringify(next));
  const written = before
    ? await bucket.update(key, value, before.revision)
    : await bucket.create(key, value);
  if (written === undefined) {
    // Somebody was first. Should that have been I myself, whose earlier try arrived after all, then the
    // manifest that stands names the very chunks that I have written: the same sequence, the same states.
    const stands = await manifestOf(bucket, key);
    if (stands?.journal_sequence === journal_sequence) return;
    return await bucket.clear(`${mine}.*`, Number.MAX_SAFE_INTEGER);
  }
  // Whatever lies before my first chunk is of an earlier snapshot, or of one that was never finished:
  // who replaces this manifest has to have read it, and writes its chunks behind that.
  await bucket.clear(`${key}.*.*`, first ?? written);
}
