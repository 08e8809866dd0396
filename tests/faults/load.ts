/** Starts the load and speaks with it. */
import { fileURLToPath } from "node:url";
import type { SlaveKeyFile } from "../../protocol/messages/enrolment.ts";
import { askOffice } from "../../streams/office/client.ts";
import type { Enrolled } from "../../streams/office/enrol.ts";
import type { NatsBroker } from "../../streams/jetstream/connection.ts";
import { Failure } from "../../streams/terminal/command.ts";
import { PASSWORD } from "../support/role_config.ts";
import { TextLineStream } from "./lines.ts";
import { copyLines } from "./processes.ts";
import type { LoadOrder, LoadStatus } from "./load_process.ts";
import { pause, type World } from "./world.ts";

const PROGRAM = fileURLToPath(new URL("load_process.ts", import.meta.url));
const ENROLMENTS_AT_ONCE = 16;
const ENROLMENT_MAX_MS = 60_000;

export { type LoadStatus, REPLAY_AFTER_MS } from "./load_process.ts";

export interface Load {
  readonly generatedFile: string;
  /** Says a word, waits for the answer. */
  say(word: "begin" | "quiet" | "status" | `poison ${number}`): Promise<LoadStatus>;
}

/** `count` meters, shared among as many slaves as are allowed to have `perSlave` of them. */
export function metersOf(count: number, perSlave: number): Record<string, string[]> {
  const meters: Record<string, string[]> = {};
  for (let i = 0; i < count; i++) {
    (meters[`slave-${1 + Math.floor(i / perSlave)}`] ??= []).push(`MH${10_000 + i}`);
  }
  return meters;
}

/** Enrolling again gives the same key; an office on a busy machine may have no time at first. */
async function enrolPatiently(operator: NatsBroker, given: object): Promise<Enrolled> {
  const end_ms = performance.now() + ENROLMENT_MAX_MS;
  for (;;) {
    try {
      return await askOffice(operator, "meter-enrol", given) as Enrolled;
    } catch (error) {
      if (!(error instanceof Failure) || performance.now() > end_ms) throw error;
      await pause(500);
    }
  }
}

/** Enrols every meter through the office. */
export async function enrolAll(
  operator: NatsBroker,
  meters: Readonly<Record<string, readonly string[]>>,
): Promise<LoadOrder["slaves"]> {
  const todo = Object.entries(meters).flatMap(([slave_id, ids]) =>
    ids.map((meter_id) => ({ slave_id, meter_id }))
  );
  const keys = new Map<string, SlaveKeyFile[]>();
  const work = async () => {
    for (let next = todo.pop(); next; next = todo.pop()) {
      const { slave_id, meter_id } = next;
      const given = { meter_id, slave_id, consumer_number: `C${meter_id}`, name: "Test" };
      const { key_file } = await enrolPatiently(operator, given);
      const mine = keys.get(slave_id);
      if (mine) mine.push(key_file);
      else keys.set(slave_id, [key_file]);
    }
  };
  await Promise.all(Array.from({ length: ENROLMENTS_AT_ONCE }, work));
  return [...keys].map(([slave_id, mine]) => ({ slave_id, keys: mine }));
}

/**
 * In memory where there is such a place: four slaves on one disk with broker and database would wait
 * for it in turn, and slaves are not what is killed here.
 */
async function memoryDir(): Promise<string> {
  const prefix = "samay-faults-";
  try {
    return await Deno.makeTempDir({ dir: "/dev/shm", prefix });
  } catch (error) {
    // Deno lets only a program with every permission write under /dev: then the disk must do.
    const expected = [Deno.errors.NotFound, Deno.errors.NotCapable];
    if (!expected.some((kind) => error instanceof kind)) throw error;
    return await Deno.makeTempDir({ prefix });
  }
}

/** The load as a process of its own; it reads nothing before `begin`. */
export async function startLoad(
  world: World,
  slaves: LoadOrder["slaves"],
  interval_s: number,
): Promise<Load> {
  const { url } = world;
  const dataDir = await memoryDir();
  world.atEnd(() => Deno.remove(dataDir, { recursive: true }));
  const generatedFile = `${dataDir}/generated.tsv`;
  const log = await Deno.open(`${world.dataDir}/load.log`, { create: true, append: true });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", "--allow-all", PROGRAM],
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const copying = copyLines(child.stderr, log);
  const answers = child.stdout.pipeThrough(new TextDecoderStream())
    .pipeThrough(new TextLineStream()).getReader();
  const writer = child.stdin.getWriter();
  const write = (line: string) => writer.write(new TextEncoder().encode(`${line}\n`));
  world.atEnd(async () => {
    await write("end").catch(() => {}); // It may have ended by itself.
    const patience = setTimeout(() => child.kill("SIGKILL"), 15_000);
    await answers.cancel();
    await writer.close().catch(() => {});
    await child.status;
    clearTimeout(patience);
    await copying;
  });
  let last: Promise<unknown> = Promise.resolve();
  const ask = (line: string): Promise<LoadStatus> => {
    const answer = last.then(async () => {
      await write(line);
      const { value, done } = await answers.read();
      if (done) throw new Error(`The load has ended: see ${world.dataDir}/load.log`);
      return JSON.parse(value) as LoadStatus;
    });
    last = answer.catch(() => {});
    return answer;
  };
  const order: LoadOrder = {
    ...{ url, dataDir, generatedFile, interval_s, slaves, password: PASSWORD },
  };
  await ask(JSON.stringify(order));
  return { generatedFile, say: ask };
}
