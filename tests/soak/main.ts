/** An hour of load on a head-end of real processes, and a verdict: `deno task soak --help`. */
import { arch, cpus, totalmem } from "node:os";
import { PARTITIONS } from "../../protocol/subjects.ts";
import { Failure, UsageError } from "../../streams/terminal/command.ts";
import { createProgress, type Progress } from "../../streams/terminal/progress.ts";
import { type Child, type Pids, startChild, treeOf } from "../bench/headend/processes.ts";
import { countOf, openRows } from "../bench/headend/rows.ts";
import { type Stage, withStage } from "../bench/headend/stage.ts";
import { type RoleProcess, startRole } from "../faults/processes.ts";
import { bytesNeeded, framesBytesMax, freeBytes, requireDisk, WAL_BYTES_MAX } from "./disk.ts";
import type { SoakLoad, SoakLoaded } from "./load_process.ts";
import { bytesARow, lagOf, look, type Looked } from "./look.ts";
import { readSoakOptions, type SoakOptions, USAGE } from "./options.ts";
import { coresOf, pictureOf, verdictText } from "./picture.ts";
import { judge, type Judged, type Sample } from "./verdict.ts";

const START_WITHIN_MS = 120_000;
/** After the load: without progress for so long it has come to its end, or to a stand. */
const STALLED_MS = 30_000;
const LOOK_MS = 500;
/** Off a terminal there is a line so often. */
const LINE_EVERY_S = 60;

interface SoakResult {
  readonly options: SoakOptions;
  readonly machine: string;
  readonly load: SoakLoaded;
  readonly rows: number;
  readonly bytes_a_row: number;
  /** Cores that each part took, on the average. */
  readonly cores: Readonly<Record<string, number>>;
  readonly judged: readonly Judged[];
  readonly holds: boolean;
}

const wait = (duration_ms: number) => new Promise((resolve) => setTimeout(resolve, duration_ms));

async function startParts(stage: Stage, options: SoakOptions): Promise<
  Looked & {
    roles: RoleProcess[];
  }
> {
  const databaseUrl = await stage.newDatabase("soak");
  const pids: Record<string, Pids> = { "nats-server": () => [stage.brokerProcess.pid] };
  const { postgresPid } = stage;
  if (postgresPid !== undefined) pids["PostgreSQL"] = () => treeOf(postgresPid);
  const roles: RoleProcess[] = [];
  const start = async (task: string, name: string) => {
    const role = await startRole({
      task,
      env: {
        SAMAY_NATS_URL: stage.brokerProcess.url,
        SAMAY_DATA_DIR: stage.dataDir,
        SAMAY_KEK_FILE: `${stage.dataDir}/kek`,
        DATABASE_URL: databaseUrl,
        ...(task === "master" && { SAMAY_MASTER_NAME: name }),
      },
      logFile: `${stage.dataDir}/${name}.log`,
    });
    stage.ends.push(() => role.stop());
    roles.push(role);
    pids[name] = () => [role.pid];
  };
  await start("billing", "billing");
  for (let i = 1; i <= options.masters; i++) await start("master", `master-${i}`);
  const db = await openRows(databaseUrl);
  stage.ends.push(() => db.destroy());
  return { stage, db, pids, roles };
}

/** Until every partition has an owner. Throws `Failure` with what the roles said. */
async function untilOwned(stage: Stage, roles: readonly RoleProcess[]): Promise<void> {
  const end_ms = performance.now() + START_WITHIN_MS;
  const owners = await stage.broker.bucket("samay_owners");
  const owned = async () =>
    (await owners.keys()).filter((key) => key.startsWith("partition.")).length;
  while (await owned() < PARTITIONS) {
    if (performance.now() > end_ms) {
      const said = await Promise.all(roles.map((role) => role.log()));
      throw new Failure(`The head-end did not start in time; its roles said:\n${said.join("\n")}`);
    }
    await wait(LOOK_MS);
  }
}

/** The disk has an end: FRAMES keeps what waits and some more. */
async function boundFrames(stage: Stage, readings: number): Promise<void> {
  const manager = await stage.broker.manager();
  await manager.streams.update("FRAMES", { max_bytes: framesBytesMax(readings) });
}

/** Looks until the load has ended. Throws `Failure` when a part of the head-end ends before it. */
async function watch(
  looked: Looked & { roles: readonly RoleProcess[] },
  load: Child<SoakLoaded>,
  options: SoakOptions,
  progress: Progress,
  keep: (sample: Sample) => Promise<void>,
): Promise<Sample[]> {
  const seconds = options.minutes * 60;
  const begin_ms = performance.now();
  const samples: Sample[] = [];
  let ended = false;
  load.result.then(() => ended = true, () => ended = true);
  let line_s = 0;
  for (let next_s = options.every_s; !ended; next_s += options.every_s) {
    while (!ended && performance.now() - begin_ms < next_s * 1_000) await wait(LOOK_MS / 5);
    const at_s = (performance.now() - begin_ms) / 1_000;
    // What is looked at when the load is over tells nothing of the load.
    if (ended || at_s > seconds) continue;
    const sample = await look(looked, at_s);
    samples.push(sample);
    await keep(sample);
    const dead = Object.entries(sample.memory_mb).find(([, mb]) => mb === 0)?.[0];
    if (dead !== undefined) {
      const said = await Promise.all(looked.roles.map((role) => role.log()));
      throw new Failure(
        `${dead} has ended after ${Math.round(at_s)} s:\n${said.join("\n").slice(-4_000)}`,
      );
    }
    const note = `s; ${sample.rows} rows, ${sample.lag_frames} frames wait`;
    progress.update(Math.floor(at_s), seconds, note);
    if (!Deno.stderr.isTerminal() && at_s >= line_s) {
      line_s += LINE_EVERY_S;
      const memory = Object.entries(sample.memory_mb).map(([part, mb]) => `${part} ${mb} MB`);
      progress.stage(`${Math.round(at_s)} of ${seconds} ${note}; ${memory.join(", ")}`);
    }
  }
  return samples;
}

/** Until nothing waits and each reading is a row, or nothing moves any more. */
async function untilQuiet(looked: Looked, expected: number) {
  let known = -1;
  let moved_ms = performance.now();
  for (;;) {
    const lag = await lagOf(looked);
    const rows = await countOf(looked.db);
    if (rows >= expected && lag.lag_frames === 0 && lag.lag_records === 0) return { ...lag, rows };
    if (rows > known) [known, moved_ms] = [rows, performance.now()];
    if (performance.now() - moved_ms > STALLED_MS) return { ...lag, rows };
    await wait(LOOK_MS);
  }
}

async function soak(stage: Stage, options: SoakOptions, progress: Progress): Promise<SoakResult> {
  const { minutes, rate, meters, out } = options;
  progress.stage("Starting billing and masters");
  const looked = await startParts(stage, options);
  await untilOwned(stage, looked.roles);
  await boundFrames(stage, minutes * 60 * rate);
  await Deno.mkdir(out, { recursive: true });
  const path = `${out}/samples.jsonl`;
  await Deno.writeTextFile(path, "");
  const keep = (sample: Sample) =>
    Deno.writeTextFile(path, `${JSON.stringify(sample)}\n`, { append: true });
  progress.stage(`${rate} readings a second of ${meters} meters for ${minutes} min`);
  const order: SoakLoad = { url: stage.brokerProcess.url, meters, rate, seconds: minutes * 60 };
  const load = startChild<SoakLoaded>("../../soak/load_process.ts", order);
  stage.ends.push(() => Promise.resolve(load.kill()));
  const samples = await watch(looked, load, options, progress, keep);
  const loaded = await load.result;
  progress.stage("The load is over; waiting until nothing waits");
  const end = await untilQuiet(looked, loaded.acknowledged);
  const refused = Object.values(loaded.refused).reduce((sum, count) => sum + count, 0);
  const { sealed, acknowledged } = loaded;
  // Of the load itself: what was waited for at its end is no part of its rate.
  const seconds = minutes * 60;
  const judged = judge(samples, { rate, seconds, sealed, acknowledged, refused, ...end });
  progress.end();
  if (!options.json) console.log(`${pictureOf(samples)}\n`);
  return {
    options,
    machine: `${cpus().length} x ${cpus()[0]?.model.trim()} ${arch()}, ` +
      `${Math.round(totalmem() / 2 ** 30)} GB; Deno ${Deno.version.deno}, ` +
      `nats-server ${stage.broker.serverVersion}`,
    load: loaded,
    rows: end.rows,
    bytes_a_row: await bytesARow(looked.db, end.rows),
    cores: coresOf(samples),
    judged,
    holds: judged.every(({ holds }) => holds),
  };
}

async function main(): Promise<number> {
  if (Deno.args.includes("--help")) {
    console.log(USAGE);
    return 0;
  }
  const options = readSoakOptions(Deno.args);
  const readings = options.minutes * 60 * options.rate;
  const folder = Deno.env.get("TMPDIR") ?? "/tmp";
  const progress = createProgress();
  const free = await freeBytes(folder);
  requireDisk(readings, free, folder);
  const gb = (bytes: number) => (bytes / 1e9).toFixed(1);
  progress.stage(
    `${readings} readings need ${gb(bytesNeeded(readings))} GB in ${folder}; ${
      gb(free)
    } GB are free`,
  );
  let holds = false;
  const settings = [`max_wal_size=${WAL_BYTES_MAX / 2 ** 20}MB`];
  await withStage({ meters: options.meters, postgres: true, settings }, async (stage) => {
    const result = await soak(stage, options, progress);
    await Deno.writeTextFile(`${options.out}/result.json`, `${JSON.stringify(result, null, 2)}\n`);
    holds = result.holds;
    if (options.json) console.log(JSON.stringify(result));
    else {
      const cores = Object.entries(result.cores).map(([part, share]) => `${part} ${share}`);
      console.log(`${verdictText(result.judged)}\n`);
      console.log(`cores: ${cores.join(", ")}; ${result.bytes_a_row} bytes a row with indexes`);
      console.log(`${result.machine}\nsamples and result: ${options.out}`);
    }
  });
  return holds ? 0 : 1;
}

if (import.meta.main) {
  try {
    Deno.exitCode = await main();
  } catch (error) {
    if (!(error instanceof UsageError || error instanceof Failure)) throw error;
    console.error(error.message);
    Deno.exitCode = error instanceof UsageError ? 2 : 1;
  }
}
