/** The rules of snapshots and restart: small, whole, read by what comes after, and limited. */
import type { Guard } from "./guard.ts";

const SNAPSHOTS = {
  file: "streams/jetstream/snapshots.ts",
  test: "tests/streams/jetstream/snapshots_test.ts",
};
const CHUNKS = { ...SNAPSHOTS, file: "streams/jetstream/snapshot_chunks.ts" };
const STATES = {
  file: "streams/masters/states.ts",
  test: "tests/streams/masters/states_test.ts",
};
const PACKED_METER = {
  file: "actors/meter/packed_state.ts",
  test: "tests/actors/meter/packed_state_test.ts",
};
const PACKED = { file: "protocol/packed.ts", test: "tests/protocol/packed_test.ts" };
const KEYRING = {
  file: "streams/masters/keyring.ts",
  test: "tests/streams/masters/keyring_test.ts",
};

const stored: readonly Guard[] = [
  {
    ...SNAPSHOTS,
    rule: "Of earlier snapshots nothing is left in the bucket, no mark of a deletion either",
    source: "snapshots, bounded",
    find: "  await bucket.clear(`${key}.*.*`, first ?? written);",
    replace: "  for (const chunk of before?.chunks ?? []) await bucket.delete(chunk);",
    name: "however many snapshots were written, the bucket holds the last ones",
  },
  {
    ...SNAPSHOTS,
    rule: "What a crash left of a snapshot that was never finished is cleared up by the next",
    source: "snapshots, bounded",
    find: "  await bucket.clear(`${key}.*.*`, first ?? written);",
    replace: "  for (const each of before?.chunks ?? []) await bucket.clear(each, written);",
    name: "a crash at any write of a snapshot leaves the old one or the new one",
  },
  {
    ...SNAPSHOTS,
    rule:
      "The chunks of one snapshot are not those of another: the old one stands until the manifest",
    source: "snapshots, crash while writing",
    find: "  const mine = `${key}.${journal_sequence}`;",
    replace: "  const mine = `${key}.0`;",
    name: "a crash at any write of a snapshot leaves the old one or the new one",
  },
  {
    ...SNAPSHOTS,
    rule: "Snapshots of earlier programs, one JSON document, are read",
    source: "snapshots, versions",
    find: "  const read = found.encoding === undefined ? jsonOf : deflatedOf;",
    replace: "  const read = found.encoding === undefined ? deflatedOf : deflatedOf;",
    name: "a snapshot that an earlier program wrote",
  },
  {
    ...CHUNKS,
    rule: "A state that is no bytes is kept as JSON",
    source: "snapshots, encoding",
    find: '  const packed = typeof state === "string" && BYTES.test(state);',
    replace: '  const packed = typeof state === "string" || BYTES.test(String(state));',
    name: "a snapshot larger than a message comes back whole",
  },
];

const memory: readonly Guard[] = [
  {
    ...STATES,
    rule: "Few states are decoded at a time",
    source: "a million meters in one process",
    find: "      this.#old = this.#young;",
    replace: "      this.#old = new Map([...this.#old, ...this.#young]);",
    name: "States holds the same fold however few are decoded",
  },
  {
    ...STATES,
    rule: "A state that goes to rest keeps what was folded into it",
    source: "a million meters in one process",
    find: "      this.#rest(this.#old);",
    replace: "",
    name: "States holds the same fold however few are decoded",
  },
  {
    ...STATES,
    rule: "A malformed state is refused at the restart, not with its first frame",
    source: "snapshots, versions",
    find: "    const state = this.#actor.decode(id, encoded, version);",
    replace:
      "    const state = version === 1 ? this.#actor.decode(id, encoded, version) : encoded;",
    name: "States.restore() refuses a malformed state at once",
  },
  {
    ...STATES,
    rule: "A state of an older version is kept in the present one",
    source: "snapshots, versions",
    find: "    this.#idle.set(id, present ? encoded : this.#actor.encode(state));",
    replace: "    this.#idle.set(id, present || state ? encoded : null);",
    name: "States.restore() refuses a malformed state at once",
  },
  {
    ...PACKED_METER,
    rule: "A packed state that goes on behind its end is refused",
    source: "snapshots, encoding",
    find: "    packed.end();",
    replace: "",
    name: "a packed state that is cut off, changed or longer",
  },
  {
    ...PACKED_METER,
    rule: "A variance of nothing is refused: it would never learn again",
    source: "snapshots, encoding",
    find: "  if (value > 0) return value;",
    replace: "  return value;",
    name: "a packed state that is cut off, changed or longer",
  },
  {
    ...PACKED,
    rule: "No number is packed that could not come back",
    source: "snapshots, encoding",
    find: "if (!(value >= 0 && Number.isSafeInteger(value)))",
    replace: "if (value === undefined)",
    name: "Packer takes no number that it could not give back",
  },
  {
    file: "streams/masters/key_memory.ts",
    test: "tests/streams/masters/key_memory_test.ts",
    rule: "A key that is no longer needed is wiped",
    source: "keys in memory",
    find: "    bytes.fill(0, offset, offset + HEAD_END_KEY_BYTES);",
    replace: "",
    name: "KeyMemory gives each its own bytes",
  },
  {
    file: "protocol/tves/wrap.ts",
    test: "tests/protocol/tves/wrap_test.ts",
    rule: "A key that is unwrapped lies in its place and nowhere else",
    source: "keys in memory",
    find: "openEnvelopeBytes({ under: kek, aad: aadOf(owner) }, wrapped, into)",
    replace: "openEnvelopeBytes({ under: kek, aad: aadOf(owner) }, wrapped)",
    name: "unwrapKeyBytes() puts the key where it is told",
  },
  {
    ...KEYRING,
    rule: "A changed enrolment forgets the keys that were unwrapped before",
    source: "keys in memory",
    find: "      this.#opened.delete(slot);",
    replace: "",
    name: "Keyring keeps each meter's keys apart",
  },
];

const limits: readonly Guard[] = [
  {
    ...KEYRING,
    rule: "Unknown meters are remembered up to a limit",
    source: "limits",
    find: "    if (this.#unknown.size >= UNKNOWN_MAX) this.#unknown.clear();",
    replace: "",
    name: "Keyring looks an unknown meter up once in a while",
  },
  {
    ...KEYRING,
    rule: "A flood of unknown ids is no flood of look-ups",
    source: "limits",
    find: "        now_ms - (this.#unknown.get(id) ?? -Infinity) > UNKNOWN_FOR_MS",
    replace: "        now_ms > -1",
    name: "Keyring looks an unknown meter up once in a while",
  },
  {
    file: "streams/masters/board.ts",
    test: "tests/streams/masters/board_test.ts",
    rule: "The board's waiting list has a limit",
    source: "limits",
    find: "    if (this.#waiting.size >= WAITING_MAX && !this.#waiting.has(meter_id)) return;",
    replace: "",
    name: "Board keeps a limited number of meters waiting",
  },
  {
    file: "streams/jetstream/listening.ts",
    test: "tests/streams/jetstream/listening_test.ts",
    rule: "Core messages wait for their handler up to a limit",
    source: "limits",
    find: "    if (waiting.length >= WAITING_MAX) {",
    replace: "    if (waiting.length < 0) {",
    name: "a flood of core messages waits up to a limit",
  },
];

export const guards: readonly Guard[] = [...stored, ...memory, ...limits];
