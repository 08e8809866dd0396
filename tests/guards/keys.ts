/** Keys, their replacement, and what is refused as played again. */
import type { Guard } from "./guard.ts";

const REPLAY = "protocol/tves/replay.ts";
const TRACK = "protocol/tves/replay_track.ts";
const EDGE = "protocol/tves/edge_keys.ts";
const REKEY = "protocol/tves/rekey.ts";
const STORE = "streams/edge/meter_keys.ts";
const OFFICE = "streams/office/rekey.ts";
const ENTRY = "streams/office/meter_entry.ts";
const NEXT = "actors/enrolment/next_key.ts";

const replay = { test: "tests/protocol/tves/replay_test.ts" };
const edge = { file: EDGE, test: "tests/protocol/tves/edge_keys_test.ts" };
const wrap = { file: REKEY, test: "tests/protocol/tves/rekey_test.ts" };
const store = { file: STORE, test: "tests/streams/edge/rekey_test.ts" };
const office = { test: "tests/streams/office/rekey_test.ts", name: "meter-rekey" };
const nextTest = "tests/actors/enrolment/next_key_test.ts";
const table = { file: NEXT, test: nextTest, name: "nextKey() does what the table" };
const promises = { file: NEXT, test: nextTest, name: "nextKey() keeps its promises" };

export const guards: readonly Guard[] = [
  {
    rule: "A frame that was accepted is not accepted again",
    source: "TVES/2, opening, step 5",
    ...{ ...replay, file: TRACK, name: "ReplayWindow says replayed for every frame" },
    find: 'if (age >= 0 && this.#has(frame.sequence)) return "replayed";',
    replace: "",
  },
  {
    rule: "A frame 2048 or more behind the highest is too old to be told from a replay",
    source: "TVES/2, opening, step 5; RFC 6479",
    ...{ ...replay, file: TRACK, name: "ReplayWindow is 2048 wide" },
    find: 'if (age >= REPLAY_WIDTH) return "too_old";',
    replace: "",
  },
  {
    rule: "A frame with a lower sequence but a later second was harvested for later",
    source: "TVES/2, opening, step 5, order check",
    ...{ ...replay, file: TRACK, name: "ReplayWindow says pre_played when sequence and time" },
    find: 'if (age > 0 && frame.t_s > this.#highest_t_s) return "pre_played";',
    replace: "",
  },
  {
    rule: "A frame with a higher sequence but an earlier second is refused",
    source: "TVES/2, opening, step 5, order check",
    ...{ ...replay, file: TRACK, name: "ReplayWindow says pre_played when sequence and time" },
    find: 'if (age < 0 && frame.t_s < this.#highest_t_s) return "pre_played";',
    replace: "",
  },
  {
    rule: "An older start of the sealing side is never taken again",
    source: "TVES/2, opening, step 5",
    ...{ ...replay, file: TRACK, name: "ReplayWindow starts anew with a newer boot" },
    find: 'if (frame.sequence < 1 || frame.boot < this.#boot) return "too_old";',
    replace: 'if (frame.sequence < 1) return "too_old";',
  },
  {
    rule: "The window is only moved by what it calls fresh",
    source: "invariant I4",
    ...{ ...replay, file: REPLAY, name: "ReplayWindow.commit() refuses" },
    find: 'if (verdict !== "fresh") throw new RangeError(`A ${verdict} frame cannot be accepted`);',
    replace: "",
  },
  {
    rule: "At a re-key a frame of the old generation that was in flight still opens",
    source: "ADR 0012, overlap",
    ...{ ...replay, file: REPLAY, name: "ReplayWindow takes a frame of the previous generation" },
    find: 'if (frame.generation !== this.#previous?.generation) return "too_old";',
    replace: 'return "too_old";',
  },
  {
    rule: "A thief of the old key seals nothing later than the switch",
    source: "ADR 0012, overlap",
    ...{ ...replay, file: REPLAY, name: "sealed after the first second of the new one" },
    find: 'if (frame.t_s > (this.#first_t_s ?? -1)) return "too_old";',
    replace: "",
  },
  {
    rule: "The switch lies at the earliest second of the new generation, in whatever order it came",
    source: "ADR 0012, overlap",
    ...{ ...replay, file: REPLAY, name: "sealed after the first second of the new one" },
    find: "this.#first_t_s = Math.min(this.#first_t_s, frame.t_s);",
    replace: "",
  },
  {
    rule: "A snapshot carries the overlap, so that a takeover does not open the past",
    source: "invariant I4",
    ...{ ...replay, file: REPLAY, name: "ReplayWindow.state() carries the overlap" },
    find: "window.#previous = previous && ReplayTrack.restore(previous);",
    replace: "window.#previous = previous && new ReplayTrack(previous.generation);",
  },
  {
    rule: "The previous generation is forgotten a day after the switch",
    source: "ADR 0012, overlap",
    ...{ ...replay, file: REPLAY, name: "ReplayWindow forgets the previous generation" },
    find: "if (frame.t_s > this.#first_t_s + OVERLAP_S) this.#previous = undefined;",
    replace: "",
  },
  {
    rule: "What is stored opens nothing that was sealed before the present hour",
    source: "TVES/2, keys",
    ...{ ...edge, name: "EdgeKeys.state() lets nothing earlier be derived" },
    find: "this.#nextDayKey = nextDayKey(dayKey);",
    replace: "this.#nextDayKey = dayKey.slice();",
  },
  {
    rule: "An hour's key that is erased unwraps nothing any more",
    source: "ADR 0012, over the air",
    ...{ file: EDGE, test: wrap.test, name: "EdgeKeys.hourKey() has no key of a past hour" },
    find: "if (!(ahead > 0 && ahead <= HOURS_AHEAD_MAX)) return undefined;",
    replace: "if (!(ahead <= HOURS_AHEAD_MAX)) return undefined;",
  },
  {
    rule: "A wrapped key is bound to meter, alias, generations, day and hour",
    source: "ADR 0012, over the air",
    ...{ ...wrap, name: "openRekey() opens nothing when the offer says another" },
    find: "return concat(LABEL, new Uint8Array(fixed.buffer), utf8(offer.meterId));",
    replace: "return LABEL;",
  },
  {
    rule: "The wrapping key is the hour's, expanded for this use and generation alone",
    source: "ADR 0012, over the air",
    ...{ ...wrap, name: "wrapRekey() agrees with HKDF" },
    find: "return hkdfExpand(hourKey, [LABEL, Uint8Array.of(generation)], KEY_LENGTH);",
    replace: "return hourKey;",
  },
  {
    rule: "What is wrapped in the last minute of an hour is wrapped for the next",
    source: "ADR 0012, over the air",
    ...{ ...wrap, name: "wrappingHour() is the present hour" },
    find: "<= HOUR_ENDS_S ? HOUR_ENDS_S : 0",
    replace: "<= HOUR_ENDS_S ? 0 : 0",
  },
  {
    rule: "A key at rest belongs to one meter and generation",
    source: "ADR 0003",
    file: "protocol/tves/wrap.ts",
    test: "tests/protocol/tves/wrap_test.ts",
    name: "unwrapKey() refuses another owner",
    find: "return textBehind(aad, LABEL.length + 1, meterId);",
    replace: "return LABEL;",
  },
  {
    rule: "A re-key that comes again, or late, never sets a slave's key back",
    source: "ADR 0012, the slave switches",
    ...{ ...store, name: "MeterKeys.rekey() changes nothing when the command comes again" },
    find: "if (standing.generation >= generation) return standing.generation;",
    replace: "",
  },
  {
    rule: "After a re-key nothing of the old key is left on the disk",
    source: "TVES/2, keys; ADR 0012",
    ...{ ...store, name: "MeterKeys.rekey() leaves nothing of the old key" },
    find: "    this.#advanced_s = -1;\n    this.#logHoldsKeys = true;",
    replace: "    this.#advanced_s = -1;",
  },
  {
    rule: "After a re-key nothing of the old key is left in memory",
    source: "TVES/2, keys; ADR 0012",
    ...{ ...store, name: "MeterKeys.rekey() leaves nothing of the old key" },
    find: "standing?.keys.erase();",
    replace: "",
  },
  {
    rule: "The new chain begins at the present hour: it opens nothing that lies before the switch",
    source: "TVES/2, keys; ADR 0012",
    ...{ ...store, name: "MeterKeys.rekey() leaves nothing of the old key" },
    find: "      standing.keys.hour * SECONDS_A_HOUR,",
    replace: "      0,",
  },
  {
    rule: "A killed slave has the old key or the new one, and goes on with it",
    source: "ADR 0012, the slave switches",
    ...{ ...store, name: "MeterKeys.rekey() seals with the new generation at once, and after" },
    find: 'consumer_number = excluded.consumer_number, state = excluded.state"',
    replace: 'consumer_number = excluded.consumer_number"',
  },
  {
    rule: "A slave that could not take a new key says so at once",
    source: "ADR 0012, over the air",
    file: "actors/slave/rekey.ts",
    test: "tests/actors/slave/rekey_test.ts",
    name: "receive() tells the head-end at once why a new key was not taken",
    find: "state.nextReport_s = now.monotonic_s;",
    replace: "",
  },
  {
    rule: "One generation waits at a time: a repeated re-key gives the same key",
    source: "ADR 0012, one generation",
    ...promises,
    find: "const waits = waitingOf(keys, known.in_use);",
    replace: "const waits = undefined as WrappedKey | undefined;",
  },
  {
    rule: "What went over the air is never given by hand: it is no remedy for a theft",
    source: "ADR 0012, one way",
    ...promises,
    find: 'const isAgain = waits !== undefined && !isGone && isByHand === (way === "hand");',
    replace: "const isAgain = waits !== undefined && !isGone;",
  },
  {
    rule: "Air, then file: the file that is carried after a theft has a key that never was sent",
    source: "ADR 0012, one way",
    ...{ ...office, file: OFFICE },
    find: 'by_hand: wish.way === "hand"',
    replace: "by_hand: true",
  },
  {
    rule: "What waits in a key file is never sent as well",
    source: "ADR 0012, one way",
    ...table,
    find: "(isByHand && !isGone ? whyNotBoth(waits!.generation) : undefined);",
    replace: "undefined;",
  },
  {
    rule: "An enrolment that comes again gives no key that went over the air",
    source: "ADR 0012, one way",
    ...{ ...office, file: ENTRY },
    find: "if (!mayBeCarried(newest, now_ms)) {",
    replace: "if (newest === undefined) {",
  },
  {
    rule: "Nothing is wrapped under a retired generation: its thief would open it",
    source: "ADR 0012, over the air",
    ...promises,
    find: "  if (isRetired(held)) {",
    replace: "  if (held === undefined) {",
  },
  {
    rule: "A chain that begins in the future is not handed out: the meter would be off the air",
    source: "ADR 0012, one generation",
    ...promises,
    find: "(isAhead(waits, known.now_ms) || (isByHand && file_lost))",
    replace: "(isByHand && file_lost)",
  },
  {
    rule: "A generation that is given up is retired at once",
    source: "ADR 0012, one generation",
    ...promises,
    find: '(key === waits || (way === "hand" && retire_old))',
    replace: '(way === "hand" && retire_old)',
  },
  {
    rule: "The generation that the meter seals with is never dropped",
    source: "ADR 0012, one generation",
    ...promises,
    find: "after.splice(after.findIndex((key) => key.generation !== held), 1);",
    replace: "after.shift();",
  },
  {
    rule: "No key is made without its line of history",
    source: "ADR 0012, one generation",
    ...{ ...office, file: ENTRY },
    find: "if (audit) await tell(audit);",
    replace: "",
  },
  {
    rule: "An entry that somebody changed meanwhile is not written over",
    source: "ADR 0012, one generation",
    ...{ ...office, file: ENTRY },
    find: "if (await bucket.update(meter_id, value, found.revision) !== undefined) return entry;",
    replace: "if (await bucket.put(meter_id, value) !== undefined) return entry;",
  },
  {
    rule: "Generation 255 is the last",
    source: "TVES/2, frame",
    ...table,
    find: "if (generation > GENERATION_MAX) {",
    replace: "if (generation > 1_000) {",
  },
  {
    rule: "What arrives under a retired generation is of an unknown one",
    source: "ADR 0012, retire-old",
    file: "streams/masters/keyring.ts",
    test: "tests/streams/masters/keyring_test.ts",
    name: "Keyring has no key for what arrives under a retired generation",
    find: "if (key === undefined || arrival_ms > (key.not_after_ms ?? Infinity)) return undefined;",
    replace: "if (key === undefined) return undefined;",
  },
  {
    rule: "Why a frame did not open is told by the keys that its arrival allowed",
    source: "ADR 0012, retire-old",
    file: "streams/office/frame_meter.ts",
    test: "tests/streams/office/frame_explain_test.ts",
    name: "frame-explain tells of every kind of frame",
    find:
      "if (entry === undefined || arrival_ms > (entry.not_after_ms ?? Infinity)) return undefined;",
    replace: "if (entry === undefined) return undefined;",
  },
  {
    rule: "A meter whose entry becomes unreadable goes on with the one before",
    source: "ADR 0012, the entry",
    file: "streams/masters/keyring.ts",
    test: "tests/streams/masters/keyring_test.ts",
    name: "Keyring keeps what it knows of a meter when its entry becomes unreadable",
    find: "if (before && before.revision >= revision) return;",
    replace:
      "if (before && before.revision >= revision) return; if (before) this.#drop(id, before);",
  },
  {
    rule: "Over the air the old key is retired only when the new one is in use",
    source: "ADR 0012, retire-old",
    ...{ ...office, file: OFFICE },
    find: "await sendOverTheAir(context, entry, { kek, wait_s, under: under! });",
    replace: "",
  },
  {
    rule: "No key is made for a slave that cannot be sent one",
    source: "ADR 0012, over the air",
    ...{ ...office, file: OFFICE },
    find: "if (!key_file) await requireHeard(context, meter.slave_id);",
    replace: "",
  },
];
