/** A meter's entry in the bucket that masters watch: its generations of keys, wrapped. */
import { toHex, utf8 } from "../../protocol/bytes.ts";
import { RetryableError, TerminalError } from "../../protocol/errors.ts";
import {
  type Enrolment,
  enrolment,
  type SlaveKeyFile,
  SUITE_USUAL,
  type WrappedKey,
} from "../../protocol/messages/enrolment.ts";
import { parseJson } from "../../protocol/schema.ts";
import { unwrapKey, wrapKey } from "../../protocol/tves/wrap.ts";
import { type AuditEntry, writeAudit } from "../database/audit.ts";
import type { Bucket } from "../jetstream/broker.ts";
import type { OfficeContext } from "./office.ts";

export const ENROLMENTS = "samay_enrolments";

const DAY_MS = 86_400_000;
/** Others may change the same entry at the same moment; more often than this they do not. */
const ATTEMPTS_MAX = 5;

/** The key-encryption key. Throws `TerminalError` that says what cannot be done without. */
export function requireKek({ kek }: OfficeContext, what = "enrol meters"): Uint8Array {
  if (kek !== undefined) return kek;
  throw new TerminalError(
    `This head-end has no key-encryption key and cannot ${what}: set SAMAY_KEK_FILE`,
  );
}

export interface FoundEntry {
  readonly entry: Enrolment;
  readonly revision: number;
}

/** The entry that stands. Throws `TerminalError` when it is malformed. */
export async function findEntry(bucket: Bucket, meter_id: string): Promise<FoundEntry | undefined> {
  const found = await bucket.get(meter_id);
  if (found === undefined) return undefined;
  const text = new TextDecoder().decode(found.value);
  const entry = parseJson(enrolment, text, `Enrolment of meter ${meter_id}`);
  return { entry, revision: found.revision };
}

/** A new generation with a key of its own, from the present day on. */
export function freshKey(
  kek: Uint8Array,
  meterId: string,
  generation: number,
  now_ms: number,
): WrappedKey {
  const key = crypto.getRandomValues(new Uint8Array(32));
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const wrapped_key = wrapKey({ kek, key, nonce, meterId, generation });
  key.fill(0);
  return { generation, enrolment_day: Math.floor(now_ms / DAY_MS), wrapped_key };
}

/** What is carried to the slave by hand: the newest generation's key. */
export function keyFileOf(entry: Enrolment, kek: Uint8Array): SlaveKeyFile {
  const { meter_id, alias, slave_id, consumer_number } = entry;
  const { generation, enrolment_day, wrapped_key } = entry.keys.at(-1)!;
  const key = unwrapKey({ kek, wrapped: wrapped_key, meterId: meter_id, generation });
  return {
    format: "samay-slave-key/1",
    ...{ meter_id, alias, slave_id, consumer_number, generation, enrolment_day },
    suite: entry.suite ?? SUITE_USUAL,
    key: toHex(key),
  };
}

/** A change of an entry's keys with its line of history; no `keys` where all stands already. */
export interface KeyChange {
  readonly keys?: readonly WrappedKey[];
  readonly audit?: Pick<AuditEntry, "action" | "detail">;
}

/**
 * Changes the keys of a meter's entry as `decide` says, history and entry together. The entry is
 * written only over the revision that `decide` saw; where somebody was faster it decides again.
 * Throws `TerminalError` for a meter without an entry, `RetryableError` when others are always faster.
 */
export async function changeKeys(
  { broker, db }: OfficeContext,
  meter_id: string,
  decide: (entry: Enrolment) => Promise<KeyChange> | KeyChange,
): Promise<{ readonly entry: Enrolment; readonly changed: boolean }> {
  const bucket = await broker.bucket(ENROLMENTS);
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const found = await findEntry(bucket, meter_id);
    if (found === undefined) {
      throw new TerminalError(`Meter ${meter_id} has no key to replace: enrol it again`);
    }
    const { keys, audit } = await decide(found.entry);
    const entry = keys === undefined ? found.entry : { ...found.entry, keys: [...keys] };
    const written = await db.transaction().execute(async (trx) => {
      if (audit) await writeAudit(trx, { actor: "operator", subject: meter_id, ...audit });
      if (keys === undefined) return true;
      const value = utf8(JSON.stringify(entry));
      if (await bucket.update(meter_id, value, found.revision) !== undefined) return true;
      throw new RacedError();
    }).catch((error) => {
      if (error instanceof RacedError) return false;
      throw error;
    });
    if (written) return { entry, changed: keys !== undefined };
  }
  throw new RetryableError(`The keys of meter ${meter_id} are being changed by others: try again`);
}

/** Undoes the line of history of a change that did not come about. */
class RacedError extends Error {
  override readonly name = "RacedError";
}
