/** One run of the whole head-end: roles as processes of their own, from FRAMES to rows. */
import { type RoleProcess, startRole } from "../../faults/processes.ts";
import type { FleetOrder, FleetResult } from "./fleet_process.ts";
import { type Child, type Pids, startChild, treeOf, type Usage, usageOf } from "./processes.ts";
import { type Profiled, profileOf } from "./profile.ts";
import { countOf, cursorOf, figuresOf, openRows, type RowFigures, type Rows } from "./rows.ts";
import type { Stage } from "./stage.ts";

export interface RunResult {
  readonly masters: number;
  readonly figures: RowFigures;
  /** Seconds of each core's work by part, and microseconds a reading. */
  readonly usage: Readonly<Record<string, Usage & { readonly us_a_reading: number }>>;
  readonly wall_s: number;
  /** Whether every frame became a row. */
  readonly complete: boolean;
  /** How much one append carries. */
  readonly readings_a_record: number;
  readonly fleet?: FleetResult;
  readonly profiles?: Readonly<Record<string, Profiled>>;
}

/** Machine code is made of the hot paths in the first seconds, and partitions are taken one by one. */
const WARM_UP_S = 2;
const LOOK_MS = 250;
/** Without progress for this long a run is over. */
const STALLED_MS = 5_000;
const START_MS = 40_000;

interface Running {
  readonly stage: Stage;
  readonly pids: Record<string, Pids>;
  readonly db: Rows;
  readonly roles: RoleProcess[];
  readonly inspect: Record<string, number>;
}

const wait = (duration_ms: number) => new Promise((resolve) => setTimeout(resolve, duration_ms));

async function startRoles(
  stage: Stage,
  name: string,
  masters: number,
  profile: boolean,
): Promise<Running> {
  const databaseUrl = await stage.newDatabase(name);
  const env = {
    SAMAY_NATS_URL: stage.brokerProcess.url,
    SAMAY_DATA_DIR: stage.dataDir,
    SAMAY_KEK_FILE: `${stage.dataDir}/kek`,
    DATABASE_URL: databaseUrl,
  };
  const roles: RoleProcess[] = [];
  const pids: Record<string, Pids> = {
    "nats-server": () => [stage.brokerProcess.pid],
  };
  const { postgresPid } = stage;
  if (postgresPid !== undefined) pids["PostgreSQL"] = () => treeOf(postgresPid);
  const inspect: Record<string, number> = {};
  const start = async (task: string, label: string) => {
    const port = freePort();
    const role = await startRole({
      task,
      env: { ...env, ...(task === "master" && { SAMAY_MASTER_NAME: label }) },
      logFile: `${stage.dataDir}/${name}-${label}.log`,
      flags: profile ? [`--inspect=127.0.0.1:${port}`] : [],
    });
    roles.push(role);
    stage.ends.push(() => role.kill());
    pids[label] = () => [role.pid];
    if (profile) inspect[label] = port;
  };
  await start("billing", "ledger");
  for (let i = 1; i <= masters; i++) await start("master", `master-${i}`);
  return { stage, pids, roles, inspect, db: await openRows(databaseUrl) };
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

/** From the backlog that stands in FRAMES, until all is there or `seconds` are over. */
export async function backlogRun(
  stage: Stage,
  options: { masters: number; expected: number; seconds: number; profile: boolean },
): Promise<RunResult> {
  const { masters, expected, seconds, profile } = options;
  const running = await startRoles(stage, `backlog_${masters}`, masters, profile);
  try {
    await begun(running);
    const measured = measure(running.pids);
    const profiles = profile ? await profilesOf(running.inspect) : undefined;
    await untilQuiet(running.db, seconds * 1_000, expected);
    const usage = measured();
    return await resultOf(running, { masters, expected, ...usage, profiles, skip_s: WARM_UP_S });
  } finally {
    await stop(running);
  }
}

/** At an even rate, with the partitions held and nothing waiting at the start. */
export async function liveRun(
  stage: Stage,
  options: { masters: number; order: FleetOrder },
): Promise<RunResult> {
  const { masters, order } = options;
  const fleet: Child<FleetResult> = startChild("fleet_process.ts", order);
  let running: Running | undefined;
  try {
    await fleet.said("sealed");
    running = await startRoles(stage, "live", masters, false);
    await begun(running);
    const measured = measure(running.pids);
    const sent = await fleet.result;
    await untilQuiet(running.db, STALLED_MS * 4, order.count);
    const { wall_s, used } = measured();
    // It has ended: what it took it says itself.
    used.push(["fleet", { cpu_s: sent.cpu_s, rss_mb: 0, own_mb: 0 }]);
    const given = { masters, expected: order.count, wall_s, used, skip_s: WARM_UP_S };
    return {
      ...await resultOf(running, given),
      fleet: sent,
    };
  } finally {
    fleet.kill();
    if (running) await stop(running);
  }
}

/** The returned function gives what was used since. */
function measure(pids: Record<string, Pids>) {
  const begin_ms = performance.now();
  const before = new Map(Object.entries(pids).map(([name, of]) => [name, usageOf(of()).cpu_s]));
  return () => {
    const wall_s = (performance.now() - begin_ms) / 1_000;
    const used = Object.entries(pids).map(([name, of]): [string, Usage] => {
      const usage = usageOf(of());
      return [name, { ...usage, cpu_s: usage.cpu_s - before.get(name)! }];
    });
    return { wall_s, used };
  };
}

async function resultOf(
  running: Running,
  given: {
    masters: number;
    expected: number;
    wall_s: number;
    used: [string, Usage][];
    skip_s: number;
    profiles?: Record<string, Profiled> | undefined;
  },
): Promise<RunResult> {
  const rows = await countOf(running.db);
  const { messages } = await journalOf(running.stage);
  // A run that was shorter than the warming up is better told whole than not at all.
  const figures = await figuresOf(running.db, given.skip_s) ?? await figuresOf(running.db, 0);
  if (figures === undefined) throw new Error("No row reached the database; see the roles' logs");
  const usage = Object.fromEntries(
    given.used.map(([name, used]) => [name, {
      ...used,
      us_a_reading: used.cpu_s * 1e6 / rows,
    }]),
  );
  return {
    masters: given.masters,
    figures,
    usage,
    wall_s: given.wall_s,
    complete: rows === given.expected,
    readings_a_record: rows / Math.max(1, messages),
    ...(given.profiles && { profiles: given.profiles }),
  };
}

/** Until the first rows stand. Throws with what the roles said when none come. */
async function begun({ db, roles }: Running): Promise<void> {
  const end_ms = performance.now() + START_MS;
  while (await cursorOf(db) === 0) {
    if (performance.now() > end_ms) {
      const said = await Promise.all(roles.map((role) => role.log()));
      throw new Error(`No row in ${START_MS / 1_000} s; the roles said:\n${said.join("\n")}`);
    }
    await wait(50);
  }
}

/** Until every row is there, `limit_ms` are over, or the cursor stands still. */
async function untilQuiet(db: Rows, limit_ms: number, expected: number): Promise<void> {
  const end_ms = performance.now() + limit_ms;
  let cursor = -1;
  let moved_ms = performance.now();
  while (performance.now() < end_ms && performance.now() - moved_ms < STALLED_MS) {
    const now = await cursorOf(db);
    // Counting is work for the server: only once the ledger seems to have come to the end.
    if (now !== cursor) moved_ms = performance.now();
    else if (await countOf(db) >= expected) return;
    cursor = now;
    await wait(LOOK_MS);
  }
}

async function profilesOf(ports: Record<string, number>): Promise<Record<string, Profiled>> {
  const PROFILE_S = 8;
  await wait(3_000);
  return Object.fromEntries(
    await Promise.all(
      Object.entries(ports).map(async ([name, port]) =>
        [name, await profileOf(port, PROFILE_S)] as const
      ),
    ),
  );
}

async function journalOf(stage: Stage): Promise<{ messages: number }> {
  const manager = await stage.broker.manager();
  const { first_seq, last_seq } = (await manager.streams.info("JOURNAL")).state;
  return { messages: last_seq - first_seq + 1 };
}

async function stop({ roles, db }: Running): Promise<void> {
  for (const role of roles.reverse()) await role.stop();
  await db.destroy();
}
