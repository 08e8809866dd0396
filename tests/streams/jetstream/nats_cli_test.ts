/**
 * What an operator sees with the real `nats` CLI (docs/operating.md), against a real nats-server with
 * a master at work. Only what people must be able to read is checked, not the CLI's layout.
 */
import assert from "node:assert/strict";
import { partitionOf, PARTITIONS, partitionToken, subjects } from "../../../protocol/subjects.ts";
import { lastSequence } from "../../../streams/jetstream/last_sequence.ts";
import { BUCKETS, STREAMS } from "../../../streams/jetstream/topology.ts";
import { type RunningMaster, startMaster } from "../../../streams/masters/master.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { findTool } from "../../../streams/tools/find.ts";
import { type TestBroker, withBroker } from "../../support/broker.ts";
import { eventually } from "../../support/eventually.ts";
import { energy, TEST_KEK, testMeter } from "../../support/meters.ts";

const METER = "MH00000001";
const PARTITION = partitionToken(partitionOf(METER));
const REGISTER_WH = 6_253_512;
const ROOT = new URL("../../../", import.meta.url).pathname;
const LIMIT_MS = 10_000;
const cli = await findTool("nats");
const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

interface Scene extends TestBroker {
  readonly master: RunningMaster;
  /** Runs the CLI as a person would, without the person's own settings. */
  nats(...args: string[]): Promise<string>;
}

/** A head-end that has taken one good frame and refused one that was no frame. */
async function withScene(body: (scene: Scene) => Promise<void>): Promise<void> {
  await withBroker(async (given) => {
    const { broker, process, dataDir } = given;
    const now_ms = Date.now();
    const meter = testMeter(METER, 1, "desk", now_ms);
    await (await broker.bucket("samay_enrolments")).put(METER, json(meter.enrolment));
    const options = { broker, name: "alpha", kek: TEST_KEK, log: silentLog };
    const master = await startMaster(options);
    try {
      await master.untilHolding(PARTITIONS);
      await broker.publish(subjects.frame(METER), meter.seal(energy(REGISTER_WH, now_ms), now_ms));
      await broker.publish(subjects.frame(METER), new TextEncoder().encode("hello"));
      const journal = subjects.journal("meter", partitionOf(METER));
      await eventually(async () => assert.ok(await lastSequence(broker, "EVENTS", "samay.>") > 0));
      assert.ok(await lastSequence(broker, "JOURNAL", journal) > 0);
      const nats = (...args: string[]) =>
        run(cli!.path, ["--server", process.url, "--no-context", ...args], dataDir);
      await body({ ...given, master, nats });
    } finally {
      await master.stop();
    }
  });
}

async function run(program: string, args: readonly string[], home: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(program, {
    args: [...args],
    cwd: ROOT,
    env: { HOME: home, XDG_CONFIG_HOME: home, NO_COLOR: "1", TERM: "dumb" },
    stdin: "null",
    signal: AbortSignal.timeout(LIMIT_MS),
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert.ok(success, `${args.join(" ")}: ${text}${new TextDecoder().decode(stderr)}`);
  return text;
}

/** The rows of a table of the CLI, cell by cell. */
function rowsOf(table: string): string[][] {
  return table.split("\n").filter((line) => line.startsWith("│"))
    .map((line) => line.split("│").slice(1, -1).map((cell) => cell.trim()));
}

/** The CLI shows a page of a stream to a terminal alone: `script` is one. */
async function onTerminal(command: string, home: string): Promise<string | undefined> {
  const args = Deno.build.os === "darwin"
    ? ["-q", "/dev/null", "sh", "-c", command]
    : ["-qec", command, "/dev/null"];
  try {
    return (await run("script", args, home)).replaceAll("\r", "");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

type Case = (scene: Scene) => Promise<void>;
/** Looks only: one scene serves them all. */
const CASES: Record<string, Case> = {};

CASES["nats CLI: stream ls and kv ls say what each stream and bucket is for"] = async (
  { nats },
) => {
  const streams = rowsOf(await nats("stream", "ls"));
  for (const { name, description } of STREAMS) {
    const row = streams.find((cells) => cells[0] === name);
    assert.equal(row?.[1], description, `${name} is described`);
  }
  assert.equal(streams.find((cells) => cells[0] === "FRAMES")?.[3], "2");
  const buckets = rowsOf(await nats("kv", "ls"));
  for (const { name, description } of BUCKETS) {
    assert.equal(buckets.find((cells) => cells[0] === name)?.[1], description);
  }
};

CASES["nats CLI: kv get samay_meters shows a meter's clock and last reading"] = async (
  { nats },
) => {
  const look = () => nats("kv", "get", "samay_meters", METER, "--raw");
  await eventually(async () => assert.ok(JSON.parse(await look())));
  const view = JSON.parse(await look());
  assert.equal(view.meter, METER);
  assert.equal(view.last_reading.values["1-0:1.8.0"], REGISTER_WH);
  assert.ok(Date.parse(view.last_reading.arrived_at) >= Date.parse(view.last_reading.read_at));
  assert.equal(view.clock.samples, 1);
  assert.ok(Math.abs(view.clock.offset_s) < 5);
  assert.equal(view.opened, 1);
  assert.match(view.master, /^alpha-/);
};

CASES["nats CLI: kv ls samay_owners names the master and every partition"] = async (
  { nats, master },
) => {
  const keys = (await nats("kv", "ls", "samay_owners")).trim().split("\n");
  assert.ok(keys.includes(`master.${master.instance}`));
  assert.equal(keys.filter((key) => key.startsWith("partition.")).length, PARTITIONS);
  const lease = await nats("kv", "get", "samay_owners", `partition.${PARTITION}`, "--raw");
  assert.equal(JSON.parse(lease).owner, master.instance);
};

CASES["nats CLI: consumer report names each partition's consumer with its lag"] = async (scene) => {
  const report = rowsOf(await scene.nats("consumer", "report", "FRAMES"));
  const header = report.find((cells) => cells[0] === "Consumer");
  const mine = report.find((cells) => cells[0] === `meter-p${PARTITION}-e1`);
  assert.ok(header && mine, "the consumer of the meter's partition is listed");
  assert.equal(mine[header.indexOf("Unprocessed")], "0");
  assert.equal(report.filter((cells) => /^meter-p\d\d-e1$/.test(cells[0]!)).length, PARTITIONS);
  const info = await scene.nats("consumer", "info", "FRAMES", `meter-p${PARTITION}-e1`);
  assert.ok(info.includes(scene.master.instance), "the description names the owner");
};

CASES["nats CLI: stream view shows frames translated, and rejects with their reason"] = async (
  scene,
) => {
  const { process, dataDir } = scene;
  const reject = await scene.nats("stream", "get", "EVENTS", "1");
  assert.match(reject, /samay\.event\.warning\.wrong_length\./);
  assert.match(reject, /"reason":"wrong_length"/);
  const view = `'${cli!.path}' --server ${process.url} --no-context stream view FRAMES`;
  const translate = `--translate "'${Deno.execPath()}' task -q decode"`;
  const shown = await onTerminal(`${view} ${translate}`, dataDir);
  if (shown === undefined) return console.error("Skipped: no `script` here to give a terminal");
  assert.ok(shown.includes(subjects.frame(METER)));
  assert.match(shown, /TVES\/2 frame, \d+ bytes/);
  assert.match(shown, /generation 1, boot \d+, sequence 1/);
};

if (cli === undefined) {
  console.error("Skipped: no nats CLI here, its tests do not run (deno task setup brings one)");
}

Deno.test({
  name: "the nats CLI shows an operator what the head-end does",
  ignore: cli === undefined,
  fn: (t) =>
    withScene(async (scene) => {
      for (const [name, look] of Object.entries(CASES)) await t.step(name, () => look(scene));
    }),
});
