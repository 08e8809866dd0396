/**
 * Identifiers, partitions and NATS subjects: how a meter's name becomes a place in the streams.
 *
 * Subjects stay readable in the plain NATS CLI: `samay.frame.07.MH00113978` is a frame of meter
 * MH00113978 in partition 7.
 */

/** Number of partitions of meters and sessions. Fixed: a change would move every meter's journal. */
export const PARTITIONS = 64;

/** Longest identifier of a meter, slave or account, in characters. */
export const ID_LENGTH_MAX = 32;

const ID = /^[A-Za-z0-9_-]{1,32}$/;

/** Whether `id` may name a meter, a slave or an account: one NATS token of at most 32 characters. */
export function isId(id: string): boolean {
  return ID.test(id);
}

/** The partition, 0 to 63, of a meter, slave or account: FNV-1a (32 bits) of its name, mod 64. */
export function partitionOf(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) {
    hash ^= id.charCodeAt(i);
    hash = Math.imul(hash, 0x01000193);
  }
  return (hash >>> 0) % PARTITIONS;
}

/** Two digits, so that lists of partitions sort as people expect. */
export function partitionToken(partition: number): string {
  return String(partition).padStart(2, "0");
}

/** Bucket in which masters show each meter actor, for people. */
export const METERS_BUCKET = "samay_meters";

/** Kinds of journal-backed actors. */
export type JournalKind = "meter" | "session";

export const subjects = {
  frame: (meterId: string) => `samay.frame.${partitionToken(partitionOf(meterId))}.${meterId}`,
  session: (slaveId: string) => `samay.session.${partitionToken(partitionOf(slaveId))}.${slaveId}`,
  command: (slaveId: string) => `samay.command.${slaveId}`,
  confirm: (slaveId: string) => `samay.confirm.${slaveId}`,
  journal: (kind: JournalKind, partition: number) =>
    `samay.journal.${kind}.${partitionToken(partition)}`,
  event: (severity: "info" | "warning" | "alarm", kind: string, id: string) =>
    `samay.event.${severity}.${kind}.${id}`,
  billing: (accountId: string) =>
    `samay.billing.${partitionToken(partitionOf(accountId))}.${accountId}`,
  notice: (channel: "email" | "sms", id: string | number) => `samay.notice.${channel}.${id}`,
  dead: (stream: string, partition: number) => `samay.dead.${stream}.${partitionToken(partition)}`,
  /** Request and reply with a 48-byte NTPv4 packet; every master answers in one queue group. */
  time: "samay.time",
  /** Request and reply of the office: administration by JSON, `samay.office.<verb>`. */
  office: (verb: string) => `samay.office.${verb}`,
} as const;

/** Whose journal `subject` is; undefined for one that no shard has. */
export function journalOf(
  subject: string,
): { readonly kind: JournalKind; readonly partition: number } | undefined {
  const [, kind, token] = /^samay\.journal\.(meter|session)\.(\d\d)$/.exec(subject) ?? [];
  const partition = Number(token);
  return partition < PARTITIONS ? { kind: kind as JournalKind, partition } : undefined;
}
