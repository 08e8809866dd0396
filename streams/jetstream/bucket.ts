/** A KV bucket behind the narrow `Bucket` interface. */
import { RetryableError } from "../../protocol/errors.ts";
import type { Bucket, Entry } from "./broker.ts";
import { startWatch } from "./bucket_watch.ts";
import type { LinkState } from "./link_state.ts";
import type { JetStreamManager, KV } from "./nats.ts";

const WRONG_LAST_SEQUENCE = 10_071;

export function bucketOver(
  kv: KV,
  name: string,
  link: LinkState,
  manager: () => Promise<JetStreamManager>,
): Bucket {
  const attempt = async <T>(action: () => Promise<T>): Promise<T> => {
    link.require();
    return await explain(name, action);
  };
  return {
    get: (key) => attempt(async () => entryOf(await kv.get(key))),
    put: (key, value) => attempt(() => kv.put(key, value)),
    create: (key, value) => attempt(() => unlessRaced(kv.create(key, value))),
    update: (key, value, revision) => attempt(() => unlessRaced(kv.update(key, value, revision))),
    delete: (key) => attempt(() => kv.delete(key)),
    clear: (keys, before) =>
      attempt(async () => {
        const { streams } = await manager();
        await streams.purge(`KV_${name}`, { filter: `$KV.${name}.${keys}`, seq: before });
      }),
    keys: () =>
      attempt(async () => {
        const keys: string[] = [];
        for await (const key of await kv.keys()) keys.push(key);
        return keys.sort();
      }),
    watch: (onEntry, onSight) => attempt(() => startWatch(kv, link, onEntry, onSight)),
  };
}

async function explain<T>(name: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new RetryableError(`Bucket ${name}: ${(error as Error).message}`, 1_000, {
      cause: error,
    });
  }
}

/** Undefined when the compare-and-set lost; other failures are thrown on. */
async function unlessRaced(write: Promise<number>): Promise<number | undefined> {
  try {
    return await write;
  } catch (error) {
    const code = (error as { api_error?: { err_code?: number } }).api_error?.err_code;
    if (code === WRONG_LAST_SEQUENCE) return undefined;
    throw error;
  }
}

function entryOf(entry: Awaited<ReturnType<KV["get"]>>): Entry | undefined {
  if (entry === null || entry.operation !== "PUT") return undefined;
  return { key: entry.key, value: entry.value, revision: entry.revision };
}
