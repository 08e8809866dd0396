/**
 * What sealing and opening cost on one core: `deno task bench:tves [--rounds N] [--json]`.
 *
 * Every turn goes through many meters, each with keys of its own, so that nothing is open twice with
 * the same key. Not measured: the broker, the journal, the pack inside of the frame.
 */
import { type CipherKey, createDecipheriv, createSecretKey } from "node:crypto";
import { cpus } from "node:os";
import { parseArgs } from "node:util";
import { parseFrame } from "../../protocol/tves/frame.ts";
import { HeadEndKeys } from "../../protocol/tves/keys.ts";
import { openFrame } from "../../protocol/tves/open.ts";
import {
  aes256gcm,
  type EngineName,
  engineOf,
  hkdfBlock,
  NOTHING,
  offerEngine,
  withEngine,
} from "../../protocol/tves/primitives.ts";
import { frameKeys, FrameRoom } from "../../protocol/tves/schedule.ts";
import { sealFrame } from "../../protocol/tves/seal.ts";
import type { Suite } from "../../protocol/tves/suites.ts";
import { loadLibcrypto } from "../../streams/native/libcrypto.ts";
import { measure, type Variant } from "./rounds.ts";

const METERS = 256;
const PACK_LENGTH = 48;
const DAY_S = 86_400;
const ENROLLED_DAY = 20_600;
/** Half past noon, thirty days after the enrolment: a cold key walks 30 days and 12 hours. */
const T_S = (ENROLLED_DAY + 30) * DAY_S + 45_000;
const NAMES: Record<Suite, string> = {
  1: "AES-256-GCM",
  2: "AES-256-GCM-SIV",
  3: "ChaCha20-Poly1305",
};
const SUITES: readonly Suite[] = [1, 2, 3];
const library = loadLibcrypto();
if (library) offerEngine(library.engine);

/** As a master gets them; as any program does; all in JavaScript. */
const ENGINES = ["chosen", "native", "noble"] as const;
type Choice = typeof ENGINES[number];
/** One frame after the other has its keys here, as in a master. */
const room = new FrameRoom();

const root = Uint8Array.from({ length: 32 }, (_, i) => 7 * i + 1);
const plaintext = Uint8Array.from({ length: PACK_LENGTH }, (_, i) => 3 * i);
const idOf = (i: number) => `MH${String(i).padStart(8, "0")}`;
const inputOf = (i: number) => ({
  key: root,
  generation: 1,
  enrolmentDay: ENROLLED_DAY,
  meterId: idOf(i),
});
const meters = Array.from({ length: METERS }, (_, i) => new HeadEndKeys(inputOf(i)));
const secondKeys = meters.map((keys) => keys.secondKey(T_S)!);
const WRONG = Array.from({ length: 20 }, (_, i) => T_S - 20 + i);
const candidates = { 1: [T_S], 21: [...WRONG, T_S] };

function seal(suite: Suite, i: number): Uint8Array {
  return sealFrame({
    suite,
    hint: false,
    clockQuality: 2,
    alias: i,
    generation: 1,
    boot: 1,
    sequence: 1 + i,
    t_s: T_S,
    secondKey: meters[i]!.secondKey(T_S)!,
    plaintext,
  });
}

const framesOf = (suite: Suite) => meters.map((_, i) => seal(suite, i));
const frames: Record<Suite, Uint8Array[]> = { 1: framesOf(1), 2: framesOf(2), 3: framesOf(3) };

function open(bytes: Uint8Array, keys: HeadEndKeys, seconds: readonly number[]): void {
  const parsed = parseFrame(bytes);
  if (!parsed.ok || !openFrame(parsed.frame, keys, seconds).opened) throw new Error("not opened");
}

function refuse(bytes: Uint8Array, keys: HeadEndKeys, seconds: readonly number[]): void {
  const parsed = parseFrame(bytes);
  if (!parsed.ok || openFrame(parsed.frame, keys, seconds).opened) throw new Error("not refused");
}

/** `work` for one meter after the other. */
function each(choice: Choice, name: string, work: (i: number) => void): Variant {
  const loop = (times: number) => {
    for (let n = 0; n < times; n++) work(n % METERS);
  };
  return {
    name: `${name}, ${choice}`,
    run: choice === "chosen"
      ? loop
      : (times) => withEngine(choice as EngineName, () => loop(times)),
  };
}

/**
 * A plain AES-256-GCM open of the same pack whose key, nonce and AAD are known. `keyOf` makes what
 * the runtime takes for a key, anew each time.
 */
function plainOpens(keyOf: (bytes: Uint8Array) => CipherKey): (i: number) => void {
  const nonce = new Uint8Array(12);
  const aad = new Uint8Array(40);
  const sealed = secondKeys.map((key) => aes256gcm.seal({ key, nonce, aad }, plaintext));
  return (i) => {
    const opener = createDecipheriv("aes-256-gcm", keyOf(secondKeys[i]!), nonce);
    opener.setAAD(aad);
    opener.setAuthTag(sealed[i]!.subarray(PACK_LENGTH));
    opener.update(sealed[i]!.subarray(0, PACK_LENGTH));
    opener.final();
  };
}

/** The same through the engine that opens the frames. */
function plainOpensOfEngine(): (i: number) => void {
  const nonce = new Uint8Array(12);
  const aad = new Uint8Array(40);
  const sealed = secondKeys.map((key) => aes256gcm.seal({ key, nonce, aad }, plaintext));
  return (i) => aes256gcm.open({ key: secondKeys[i]!, nonce, aad }, sealed[i]!);
}

const header = new Uint8Array(16);
const info = [new Uint8Array(39)];
const stages: readonly Variant[] = [
  each("chosen", "plain", plainOpens((bytes) => bytes)),
  each("chosen", "plain, key object", plainOpens(createSecretKey)),
  each("chosen", "plain, engine", plainOpensOfEngine()),
  each("chosen", "second key", (i) => meters[i]!.secondKey(T_S)),
  each("chosen", "commitment", (i) => frameKeys(secondKeys[i]!, header, room)),
  each("chosen", "commitment and key", (i) => frameKeys(secondKeys[i]!, header, room).key()),
  each("chosen", "cold", (i) => open(frames[1][i]!, new HeadEndKeys(inputOf(i)), candidates[1])),
];

function variantsOf(choice: Choice): Variant[] {
  return [
    ...SUITES.flatMap((suite) => [
      each(choice, `seal ${suite}`, (i) => seal(suite, i)),
      each(choice, `open ${suite}`, (i) => open(frames[suite][i]!, meters[i]!, candidates[1])),
    ]),
    each(choice, "wrong 20", (i) => refuse(frames[1][i]!, meters[i]!, WRONG)),
    each(choice, "open 21", (i) => open(frames[1][i]!, meters[i]!, candidates[21])),
    each(choice, "hmac", (i) => hkdfBlock(secondKeys[i]!, NOTHING, info, 1)),
  ];
}

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "21" }, json: { type: "boolean", default: false } },
});
const rounds = Number(values.rounds);
if (!Number.isInteger(rounds) || rounds < 1) {
  console.error("--rounds must be a whole number from 1 on: how often every variant has its turn");
  Deno.exit(2);
}
const taken_us = measure([...stages, ...ENGINES.flatMap(variantsOf)], { rounds, turn_ms: 12 });
const us = (name: string, choice: Choice = "chosen") => taken_us.get(`${name}, ${choice}`)!;
const round = (value: number, digits = 2) => Number(value.toFixed(digits));

const report = {
  machine: cpus()[0]?.model ?? "unknown",
  versions: { deno: Deno.version.deno, v8: Deno.version.v8 },
  command: `deno task bench:tves --rounds ${rounds}`,
  pack_bytes: PACK_LENGTH,
  chosen: Object.fromEntries(
    (["hmacSha256", "aes256gcm", "aes256gcmSiv", "chacha20Poly1305"] as const)
      .map((primitive) => [primitive, engineOf(primitive)]),
  ),
  engines: Object.fromEntries(ENGINES.map((choice) => [choice, {
    suites: Object.fromEntries(SUITES.map((suite) => [suite, {
      seals_a_second: Math.round(1e6 / us(`seal ${suite}`, choice)),
      opens_a_second: Math.round(1e6 / us(`open ${suite}`, choice)),
    }])),
    hmac_us: round(us("hmac", choice)),
    wrong_candidate_us: round(us("wrong 20", choice) / WRONG.length),
    open_1_trial_us: round(us("open 1", choice)),
    open_21_trials_us: round(us("open 21", choice)),
  }])),
  ratio: {
    plain_open_us: round(us("plain")),
    plain_open_with_key_object_us: round(us("plain, key object")),
    plain_open_of_engine_us: round(us("plain, engine")),
    warm_to_plain_of_engine: round(us("open 1") / us("plain, engine")),
    warm_open_us: round(us("open 1")),
    cold_open_us: round(us("cold")),
    warm_to_plain: round(us("open 1") / us("plain")),
    cold_to_plain: round(us("cold") / us("plain")),
    goal: 4,
    parts_us: {
      second_key: round(us("second key")),
      commitment: round(us("commitment")),
      rest_of_the_key: round(us("commitment and key") - us("commitment")),
      aead_and_parsing: round(us("open 1") - us("second key") - us("commitment and key")),
    },
  },
};

function print(): void {
  const { versions, chosen, engines, ratio } = report;
  const row = (...cells: (string | number)[]) =>
    console.log(
      cells.map((cell, i) => i === 0 ? `${cell}`.padEnd(34) : `${cell}`.padStart(12)).join(""),
    );
  console.log(
    `TVES/2 on one core, packs of ${PACK_LENGTH} bytes: processor time, medians of ${rounds} rounds`,
  );
  console.log(`${report.machine}; Deno ${versions.deno}, V8 ${versions.v8}; ${report.command}`);
  console.log(
    `chosen: ${Object.entries(chosen).map(([what, who]) => `${what} ${who}`).join(", ")}\n`,
  );
  row("", ...ENGINES);
  const line = (what: string, value: (engine: typeof engines[string]) => number) =>
    row(what, ...ENGINES.map((choice) => value(engines[choice]!)));
  for (const suite of SUITES) {
    line(`seal/s  ${NAMES[suite]}`, (e) => e.suites[suite]!.seals_a_second);
    line(`open/s  ${NAMES[suite]}`, (e) => e.suites[suite]!.opens_a_second);
  }
  line("HMAC-SHA256, new key, 40 bytes, µs", (e) => e.hmac_us);
  line("a wrong candidate, µs", (e) => e.wrong_candidate_us);
  line("open, 1 trial, µs", (e) => e.open_1_trial_us);
  line("open, 21 trials, µs", (e) => e.open_21_trials_us);
  const { parts_us: parts } = ratio;
  console.log(`
A plain AES-256-GCM open of node:crypto with known key bytes takes ${ratio.plain_open_us} µs (through a new KeyObject
each time ${ratio.plain_open_with_key_object_us}). Next to the former an open of TVES/2, each time of another meter, takes
  ${ratio.warm_to_plain} times as long (${ratio.warm_open_us} µs) with the meter's hour key at hand; the goal is at most ${ratio.goal}
  ${ratio.warm_to_plain_of_engine} times as long as the same plain open through the engine that is chosen (${ratio.plain_open_of_engine_us} µs)
  ${ratio.cold_to_plain} times as long (${ratio.cold_open_us} µs) from the meter's own key, 30 days and 12 hours after its enrolment
Of the ${ratio.warm_open_us} µs the second's key takes ${parts.second_key}, the commitment ${parts.commitment}, the rest of the frame's key ${parts.rest_of_the_key}, the
AEAD and taking the frame apart ${parts.aead_and_parsing}.`);
}

if (values.json) console.log(JSON.stringify(report, null, 2));
else print();
