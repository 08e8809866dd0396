/**
 * Readings a second from a FRAMES backlog to committed rows in PostgreSQL, with broker, masters,
 * ledger and database as processes of their own on this machine: `deno task bench:headend --help`.
 */
import { arch, cpus, totalmem } from "node:os";
import { type EmbeddedResult, embeddedRun } from "./embedded.ts";
import type { FleetOrder, FleetResult } from "./fleet_process.ts";
import { type BenchOptions, readOptions, USAGE } from "./options.ts";
import { measureParts, type PartFigures } from "./parts.ts";
import { startChild } from "./processes.ts";
import { printResult } from "./report.ts";
import { backlogRun, liveRun, type RunResult } from "./runs.ts";
import { type Stage, withStage } from "./stage.ts";
import { measureSubjects, type SubjectFigures } from "./subjects.ts";

/** 28 million consumers, read every 15 minutes. */
const GOAL_A_SECOND = 31_111;
const LIVE_S = 30;
const PART_READINGS = 200_000;

export interface BenchResult {
  readonly machine: { cores: number; cpu: string; memory_gb: number; software: string };
  readonly goal_a_second: number;
  readonly rate: number;
  readonly fill?: FleetResult;
  readonly backlog: readonly RunResult[];
  readonly live?: RunResult;
  readonly parts?: Record<string, PartFigures>;
  readonly subjects?: SubjectFigures;
  readonly embedded?: EmbeddedResult;
}

const say = (text: string) => console.error(text);

async function fill(stage: Stage, options: BenchOptions, boot: number): Promise<FleetResult> {
  const { meters, frames: count } = options;
  const order: FleetOrder = { url: stage.brokerProcess.url, meters, boot, count, rate: 0 };
  const child = startChild<FleetResult>("fleet_process.ts", order);
  stage.ends.push(() => Promise.resolve(child.kill()));
  return await child.result;
}

/** A head-end that has never run; `frames` whether the frames go too. */
async function forget(stage: Stage, frames: boolean): Promise<void> {
  const manager = await stage.broker.manager();
  for (const stream of ["JOURNAL", "KV_samay_snapshots", "KV_samay_owners", "KV_samay_meters"]) {
    await manager.streams.purge(stream);
  }
  if (frames) await manager.streams.purge("FRAMES");
}

async function measure(stage: Stage, options: BenchOptions): Promise<Partial<BenchResult>> {
  const { frames, meters, seconds, rate, profile } = options;
  say(`sealing ${frames} frames of ${meters} meters`);
  const filled = await fill(stage, options, 1);
  const backlog: RunResult[] = [];
  for (const masters of options.masters) {
    say(`backlog, ${masters} master(s)`);
    await forget(stage, false);
    backlog.push(await backlogRun(stage, { masters, expected: frames, seconds, profile }));
  }
  if (options.parts) say("each part alone");
  const parts = options.parts ? await measureParts(stage, Math.min(frames, PART_READINGS)) : null;
  let live: RunResult | undefined;
  if (rate > 0) {
    say(`live at ${rate} a second`);
    await forget(stage, true);
    const count = rate * Math.min(seconds, LIVE_S);
    const order = { url: stage.brokerProcess.url, meters, boot: 2, count, rate };
    live = await liveRun(stage, { masters: options.masters[0] ?? 1, order });
  }
  return { fill: filled, backlog, ...(live && { live }), ...(parts && { parts }) };
}

async function main(): Promise<void> {
  if (Deno.args.includes("--help")) return console.log(USAGE);
  const options = readOptions(Deno.args);
  let result: BenchResult = {
    machine: {
      cores: cpus().length,
      cpu: `${cpus()[0]?.model.trim() ?? "unknown"} ${arch()}`,
      memory_gb: Math.round(totalmem() / 2 ** 30),
      software: `Deno ${Deno.version.deno}`,
    },
    goal_a_second: GOAL_A_SECOND,
    rate: options.rate,
    backlog: [],
  };
  const { meters } = options;
  await withStage({ meters, postgres: !options.embedded }, async (stage) => {
    result.machine.software += `, nats-server ${stage.broker.serverVersion}`;
    if (!options.embedded) result = { ...result, ...await measure(stage, options) };
    else {
      const filled = await fill(stage, options, 1);
      const embedded = await embeddedRun(stage, { meters, expected: options.frames });
      result = { ...result, fill: filled, embedded };
    }
  });
  if (options.subjects > 0) {
    say(`${options.subjects} subjects`);
    result = { ...result, subjects: await measureSubjects(options.subjects) };
  }
  if (options.json) console.log(JSON.stringify(result));
  else printResult(result);
}

if (import.meta.main) await main();
