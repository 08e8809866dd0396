/**
 * Snapshots of shards in a KV bucket: chunks first, then the manifest that names them, then the old
 * chunks are deleted. A manifest is only ever replaced by one of a later journal sequence, so a
 * master that lost its partition cannot put an old state back.
 */
import { RetryableError } from "../../protocol/errors.ts";
import { parseJson, z } from "../../protocol/schema.ts";
import { type JournalKind, partitionToken } from "../../protocol/subjects.ts";
import type { Snapshot, Snapshots } from "../masters/ports.ts";
import type { Bucket } from "./broker.ts";

const CHUNK_BYTES = 512 * 1_024;

const manifest = z.object({
  version: z.int(),
  journal_sequence: z.int(),
  epoch: z.int(),
  cursor: z.int(),
  chunks: z.array(z.string()),
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
  const decoder = new TextDecoder();
  let text = "";
  for (const key of found.chunks) {
    const chunk = await bucket.get(key);
    // A later snapshot has replaced this one while we read: the caller tries again.
    if (chunk === undefined) throw new RetryableError(`Snapshot chunk ${key} is gone`);
    text += decoder.decode(chunk.value, { stream: true });
  }
  const { version, journal_sequence, epoch, cursor } = found;
  const states = JSON.parse(text + decoder.decode()) as Snapshot["states"];
  return { version, journal_sequence, epoch, cursor, states };
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
  const bytes = new TextEncoder().encode(JSON.stringify(snapshot.states));
  const chunks: string[] = [];
  for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
    const chunk = `${key}.${snapshot.journal_sequence}.${chunks.length}`;
    await bucket.put(chunk, bytes.subarray(start, start + CHUNK_BYTES));
    chunks.push(chunk);
  }
  const { version, journal_sequence, epoch, cursor } = snapshot;
  const next: Manifest = { version, journal_sequence, epoch, cursor, chunks };
  const value = new TextEncoder().encode(JSON.stringify(next));
  const written = before
    ? await bucket.update(key, value, before.revision)
    : await bucket.create(key, value);
  const unused = written === undefined ? chunks : before?.chunks ?? [];
  for (const chunk of unused) await bucket.delete(chunk);
}
