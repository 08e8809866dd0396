/**
 * The load: real slaves in one process, their meters in software. Every reading is written to a file
 * once it lies in the outbox, so that a test knows each one that must arrive. Now and then a poison
 * frame goes out beside a good one.
 *
 * The order is the first line on stdin; each later line is a word (`begin`, `quiet`, `poison N`,
 * `status`, `end`), answered by one line of JSON on stdout.
 */
import { TextLineStream } from "./lines.ts";
import { randomBytes } from "node:crypto";
import type { SlaveKeyFile } from "../../protocol/messages/enrolment.ts";
import type { Readout } from "../../protocol/iec62056/readout.ts";
import { partitionOf, PARTITIONS, partitionToken } from "../../protocol/subjects.ts";
import { type SlaveConfiguration, slaveConfiguration } from "../../streams/edge/configuration.ts";
import type { Reading } from "../../streams/edge/outbox.ts";
import type { SealedFrame } from "../../streams/edge/sender.ts";
import { type RunningSlave, startSlave } from "../../streams/edge/slave.ts";
import { connect, type NatsBroker } from "../../streams/jetstream/connection.ts";
import { createLog } from "../../streams/terminal/log.ts";

export interface LoadOrder {
  readonly url: string;
  readonly password: string;
  readonly dataDir: string;
  /** One line a reading: meter, moment, value, by tabs. */
  readonly generatedFile: string;
  readonly interval_s: number;
  readonly slaves: readonly { readonly slave_id: string; readonly keys: readonly SlaveKeyFile[] }[];
}

/** What is sent in place of a frame, and must be refused with a reason. */
export type PoisonKind =
  | "garbage"
  | "tag"
  | "replay"
  | "wrong_partition"
  | "empty"
  | "wrong_subject";
const KINDS: readonly PoisonKind[] = [
  ...["garbage", "tag", "replay", "wrong_partition", "empty", "wrong_subject"] as const,
];
/** A copy must come after its original. */
export const REPLAY_AFTER_MS = 500;

export interface LoadStatus {
  readonly generated: number;
  readonly confirmed: number;
  readonly outbox: number;
  /** Slaves whose clock may seal. */
  readonly synchronised: number;
  /** Poison that lies in FRAMES, by its sequence there. */
  readonly poison: readonly { readonly sequence: number; readonly kind: PoisonKind }[];
}

const order: { current?: LoadOrder } = {};
const poison: { sequence: number; kind: PoisonKind }[] = [];
const pending = new Set<Promise<unknown>>();
let reading = false;
let generated = 0;
let confirmed = 0;
let sealed = 0;
/** A poison frame every so many good ones; 0: none. */
let poisonEvery = 0;
/** Chosen by what was begun, not by what the broker took: else a slow one gets the same kind again. */
let poisoned = 0;
let quiet = new AbortController();

/** A meter in software: its count goes up by one a reading, so that each reading is like no other. */
class Meters {
  readonly #counts = new Map<string, number>();

  async read(meterId: string, interval_s: number): Promise<Readout> {
    if (!reading) throw new Error("the load has not begun, or has ended");
    // Spread over the interval: the slave asks for all of its meters at the same moment.
    const { signal } = quiet;
    const share = (partitionOf(meterId) * 31 + Number(meterId.slice(2)) % 97) % 997 / 997;
    await sleepUnless(share * interval_s * 900, signal);
    const count = (this.#counts.get(meterId) ?? 1_000) + 1;
    this.#counts.set(meterId, count);
    const register = { obis: "1-0:1.8.0", code: "1.8.0", value: count, unit: "Wh" };
    return {
      identification: "/SMY5LOAD",
      consumerNumber: null,
      registers: [{ ...register, text: String(count) }],
      check: "bcc",
    };
  }
}

function sleepUnless(duration_ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(new Error("the load has ended"));
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, duration_ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}

function configOf(
  { dataDir, interval_s }: LoadOrder,
  slave_id: string,
  keys: readonly SlaveKeyFile[],
): SlaveConfiguration {
  return slaveConfiguration.parse({
    slave_id,
    data_dir: `${dataDir}/${slave_id}`,
    meters: keys.map(({ meter_id }) => ({ meter_id, line: `load:${meter_id}`, address: "0" })),
    interval_s,
    time: { broker: true, poll_s: 1 },
    key_files: keys.map(({ meter_id }) => `${dataDir}/${meter_id}.key.json`),
    lines_at_once: 256,
    // As slaves do by default, and a little more patient than a takeover: else each reading would be
    // sent several times during one, and a busy machine would do nothing else.
    resend_first_s: 5,
    resend_max_s: 30,
    heartbeat_s: 5,
  });
}

function send(broker: NatsBroker, subject: string, frame: Uint8Array, kind: PoisonKind): void {
  const publishing: Promise<unknown> = broker.publish(subject, frame)
    .then(({ sequence }) => poison.push({ sequence, kind }), (error) => {
      console.error(`poison not taken: ${error.message}`);
    })
    .finally(() => pending.delete(publishing));
  pending.add(publishing);
}

function sendPoison(broker: NatsBroker, frame: SealedFrame, meterId: string, other: string): void {
  const kind = KINDS[poisoned++ % KINDS.length]!;
  const { subject } = frame;
  switch (kind) {
    case "garbage":
      return send(broker, subject, new Uint8Array(randomBytes(80)), kind);
    case "empty":
      return send(broker, subject, new Uint8Array(0), kind);
    case "tag": {
      const spoiled = frame.frame.slice();
      spoiled[spoiled.length - 1]! ^= 1;
      return send(broker, subject, spoiled, kind);
    }
    case "replay":
      return void setTimeout(() => send(broker, subject, frame.frame, kind), REPLAY_AFTER_MS);
    case "wrong_partition": {
      const wrong = partitionToken((partitionOf(meterId) + 1) % PARTITIONS);
      return send(broker, `samay.frame.${wrong}.${meterId}`, frame.frame, kind);
    }
    case "wrong_subject": {
      const place = partitionToken(partitionOf(other));
      return send(broker, `samay.frame.${place}.${other}`, frame.frame, kind);
    }
  }
}

async function startOne(
  given: LoadOrder,
  { slave_id, keys }: LoadOrder["slaves"][number],
  meters: Meters,
  note: (reading: Reading) => void,
): Promise<RunningSlave> {
  const { url, password } = given;
  for (const key of keys) {
    await Deno.writeTextFile(`${given.dataDir}/${key.meter_id}.key.json`, JSON.stringify(key), {
      mode: 0o600,
    });
  }
  const config = configOf(given, slave_id, keys);
  const log = createLog(slave_id);
  const broker = await connect({ url, name: slave_id, user: slave_id, password, wait: true, log });
  return await startSlave(config, broker, { ...log, info: () => {} }, {
    read: (options) => meters.read(options.line.slice("load:".length), given.interval_s),
    observer: {
      read: (_, one) => note(one),
      confirmed: (gone) => void (confirmed += gone.length),
      sealed: (one, frame) => {
        sealed += 1;
        if (poisonEvery === 0 || sealed % poisonEvery !== 0) return;
        const other = keys.find(({ meter_id }) => meter_id !== one.meter_id)!.meter_id;
        sendPoison(broker, frame, one.meter_id, other);
      },
    },
  });
}

function statusOf(slaves: readonly RunningSlave[]): LoadStatus {
  const states = slaves.map((slave) => slave.status());
  return {
    generated,
    confirmed,
    outbox: states.reduce((sum, state) => sum + state.outbox, 0),
    synchronised: states.filter(({ clock }) => clock.quality > 0).length,
    poison,
  };
}

async function main(): Promise<void> {
  const lines = Deno.stdin.readable.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream());
  let slaves: RunningSlave[] = [];
  let file: Deno.FsFile | undefined;
  for await (const line of lines) {
    if (order.current === undefined) {
      const given: LoadOrder = order.current = JSON.parse(line);
      const out = file = await Deno.open(given.generatedFile, { create: true, append: true });
      const meters = new Meters();
      const note = ({ meter_id, read_at_ms, registers }: Reading) => {
        generated += 1;
        const text = `${meter_id}\t${read_at_ms}\t${registers[0]!.value}\n`;
        out.writeSync(new TextEncoder().encode(text));
      };
      slaves = await Promise.all(given.slaves.map((one) => startOne(given, one, meters, note)));
    } else {
      const [word, number] = line.split(" ");
      if (word === "begin") reading = true;
      if (word === "poison") poisonEvery = Number(number);
      if (word === "quiet") {
        reading = false;
        quiet.abort();
        quiet = new AbortController();
      }
      if (word === "end") break;
    }
    console.log(JSON.stringify(statusOf(slaves)));
  }
  reading = false;
  quiet.abort();
  await Promise.all(pending);
  await Promise.all(slaves.map((slave) => slave.stop()));
  file?.close();
  Deno.exit(0); // Connections that still try to reach a killed broker would keep the process.
}

if (import.meta.main) await main();
