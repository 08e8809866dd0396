/**
 * A master's own work on very many meters: `deno task bench:master [--meters N] [--rounds N] [--json]`.
 *
 * Every meter sends a frame in each round; in the first one its key is unwrapped and walked to the
 * present hour. What is measured is the processor time of this process, all threads of it, between
 * frames in memory and records in memory, through the production shards, keyring and board. Not in
 * it: the broker's client, and with it the way from the socket to the frame.
 */
import { cpus } from "node:os";
import process from "node:process";
import { parseArgs } from "node:util";
import { utf8 } from "../../protocol/bytes.ts";
import type { Input } from "../../actors/shard/actor.ts";
import { Keyring } from "../../streams/masters/keyring.ts";
import { useSystemCrypto } from "../../streams/native/system_crypto.ts";
import { silentLog } from "../../streams/terminal/log.ts";
import type { Bucket } from "../../streams/jetstream/broker.ts";
import { enrolmentOf, meterIdOf } from "./headend/fleet.ts";
import { FIRST_MS, inputsIn } from "./master/frames.ts";
import type { SealOrder } from "./master/seal_process.ts";
import { Shards } from "./master/shards.ts";

/** Frames on their way at a time: some seventy a partition, as in a whole head-end. */
const AT_ONCE = 4_608;
/** Rounds within one hour of the frames' clock. */
const ROUNDS_MAX = 3;

const { values } = parseArgs({
  options: {
    meters: { type: "string", default: "100000" },
    rounds: { type: "string", default: "3" },
    frames: { type: "string" },
    json: { type: "boolean", default: false },
  },
});
const meters = wholeNumber("meters", 10_000_000);
const rounds = wholeNumber("rounds", ROUNDS_MAX);

function wholeNumber(option: "meters" | "rounds", most: number): number {
  const value = Number(values[option]);
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  console.error(`--${option} must be a whole number from 1 to ${most}, not ${values[option]}`);
  Deno.exit(2);
}

async function seal(order: SealOrder): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "--no-prompt", "--allow-ffi", "--allow-sys", "--allow-env", "--allow-read"],
      ...[`--allow-write=${order.path}`, "seal_process.ts", JSON.stringify(order)],
    ],
    cwd: new URL("./master", import.meta.url),
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error("The frames were not sealed");
}

/** The bucket of enrolments: all there is is told at the start. */
function bucketOf(kek: Uint8Array): Bucket {
  return {
    get: () => Promise.resolve(undefined),
    watch: (onEntry: Parameters<Bucket["watch"]>[0]) => {
      for (let i = 0; i < meters; i++) {
        onEntry(meterIdOf(i), utf8(JSON.stringify(enrolmentOf(i, kek, FIRST_MS))), i + 1);
      }
      return Promise.resolve({ stop: () => Promise.resolve() });
    },
  } as unknown as Bucket;
}

function* batches(inputs: Iterable<Input>): Generator<Input[]> {
  let batch: Input[] = [];
  for (const input of inputs) {
    if (batch.push(input) < AT_ONCE && input.sequence % meters !== 0) continue;
    yield batch;
    batch = [];
  }
}

const path = values.frames ?? await Deno.makeTempFile({ prefix: "samay-bench-" });
const wanted = values.frames === undefined || await Deno.stat(path).then(() => false, () => true);
try {
  if (wanted) await seal({ path, meters, rounds });
  useSystemCrypto(silentLog);
  const kek = new Uint8Array(32).fill(7);
  const keyring = new Keyring(bucketOf(kek), kek, silentLog);
  await keyring.start();
  const shards = new Shards(keyring);
  await shards.start();
  const bytes = await Deno.readFile(path);
  const round_us: number[] = [];
  let spent_us = 0;
  for (const batch of batches(inputsIn(bytes, meters, meterIdOf))) {
    const before = process.cpuUsage();
    await shards.handle(batch);
    const { user, system } = process.cpuUsage(before);
    spent_us += user + system;
    if (batch.at(-1)!.sequence % meters !== 0) continue;
    round_us.push(spent_us / meters);
    spent_us = 0;
  }
  await shards.stop();
  await keyring.stop();
  report(round_us, shards);
} finally {
  if (values.frames === undefined) await Deno.remove(path);
}

function report(round_us: readonly number[], { tally }: Shards): void {
  const { readings, rejects, trials, records, journal_bytes } = tally;
  const round = (value: number) => Number(value.toFixed(2));
  const figures = {
    machine: cpus()[0]?.model ?? "unknown",
    deno: Deno.version.deno,
    ...{ meters, readings, rejects, records },
    trials_a_reading: round(trials / readings),
    readings_a_record: round(readings / records),
    journal_bytes_a_reading: round(journal_bytes / readings),
    us_a_reading_by_round: round_us.map(round),
  };
  if (values.json) return console.log(JSON.stringify(figures, null, 2));
  console.log(`${figures.machine}; Deno ${figures.deno}; ${meters} meters, a frame each round`);
  for (const [i, us] of round_us.entries()) {
    console.log(`  round ${i + 1}: ${us.toFixed(1)} us of processor time a reading`);
  }
  console.log(
    `  ${readings} readings, ${rejects} rejects, ${figures.readings_a_record} readings a record, ` +
      `${figures.trials_a_reading} trials a reading`,
  );
}
