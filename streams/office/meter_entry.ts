/** A meter's entry in the bucket that masters watch: its generations of keys, wrapped. */
import { mayBeCarried } from "../../actors/enrolment/next_key.ts";
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

/** A new generation with a key of its own, from the present day on; `by_hand`: in a file alone. */
export function freshKey(
  kek: Uint8Array,
  meterId: string,
  { generation, by_hand }: { readonly generation: number; readonly by_hand: boolean },
  now_ms: number,
): WrappedKey {
  const key = crypto.getRandomValues(new Uint8Array(32));
  const nonce = crypto.getRandomValues(new Uint8Array(12));
  const wrapped_key = wrapKey({ kek, key, nonce, meterId, generation });
  key.fill(0);
  const enrolment_day = Math.floor(now_ms / DAY_MS);
  return { generation, enrolment_day, wrapped_key, ...(by_hand ? { by_hand } : {}) };
}

/**
 * What is carried to the slave by hand: the newest generation's key. Throws `TerminalError` for one
 * that may have gone over the air, is retired, or begins in the future.
 */
export function keyFileOf(entry: Enrolment, kek: Uint8Array, now_ms: number): SlaveKeyFile {
  const { meter_id, alias, slave_id, consumer_number } = entry;
  const newest = entry.keys.at(-1)!;
  const { generation, enrolment_day, wrapped_key } = newest;
  if (!mayBeCarried(newest, now_ms)) {
    throw new TerminalError(
      `Key generation ${generation} of meter ${meter_id} is given in no file: it went over the air, is ` +
        `retired, or begins in the future. For another: samay meter rekey ${meter_id} --key-file PATH`,
    );
  }
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
 * Changes the keys of a meter's entry as `decide` says; gives the entry as it stands then. It is
 * written only over the revision that `decide` saw; where somebody was faster it decides again.
 *
 * Database and bucket share no transaction. The line of history stands first, so that no key is ever
 * without one; a change that did not come about is told by a line of its own. Throws `TerminalError`
 * for a meter without an entry, `RetryableError` when others are always faster.
 */
export async function changeKeys(
  { broker, db }: OfficeContext,
  meter_id: string,
  decide: (entry: Enrolment) => Promise<KeyChange> | KeyChange,
): Promise<Enrolment> {
  const bucket = await broker.bucket(ENROLMENTS);
  const tell = (line: Pick<AuditEntry, "action" | "detail">) =>
    writeAudit(db, { actor: "operator", subject: meter_id, ...line });
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    const found = await findEntry(bucket, meter_id);
    if (found === undefined) {
      throw new TerminalError(`Meter ${meter_id} has no key to replace: enrol it again`);
    }
    const { keys, audit } = await decide(found.entry);
    if (audit) await tell(audit);
    if (keys === undefined) return found.entry;
    const entry = { ...found.entry, keys: [...keys] };
    const value = utf8(JSON.stringify(entry));
    if (await bucket.update(meter_id, value, found.revision) !== undefined) return entry;
    if (audit) {
      const detail = { instead_of: audit.action, why: "changed by others meanwhile" };
      await tell({ action: "meter.keys-unchanged", detail: { ...audit.detail, ...detail } });
    }
  }
  throw new RetryableError(`The keys of meter ${meter_id} are being changed by others: try again`);
}
