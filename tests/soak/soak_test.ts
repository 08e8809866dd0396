/** The verdict of the soak on made-up samples, and one short soak of real processes that is ended. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { postgresBinaries } from "../support/postgres.ts";
import { bytesNeeded, framesBytesMax, freeBytes, requireDisk } from "./disk.ts";
import { readSoakOptions } from "./options.ts";
import { pictureOf, sparkline } from "./picture.ts";
import { judge, riseOf, type Sample, type SoakTotals } from "./verdict.ts";

const COUNT = 200;
const totals: SoakTotals = {
  ...{ rate: 1_000, seconds: 1_000, sealed: 1_000_000, acknowledged: 1_000_000, refused: 0 },
  ...{ rows: 1_000_000, lag_frames: 0, lag_records: 0 },
};

function samplesOf(memoryAt: (i: number) => number, lagAt = (_i: number) => 100): Sample[] {
  return Array.from({ length: COUNT }, (_, i) => ({
    ...{ at_s: i * 5, frames: i * 5_000, lag_frames: lagAt(i), lag_records: 0, rows: i * 5_000 },
    ...{ memory_mb: { master: memoryAt(i) }, cpu_s: { master: i }, broker_disk_mb: 1 },
    database_disk_mb: i,
  }));
}

const broken = (samples: Sample[], changed: Partial<SoakTotals> = {}) =>
  judge(samples, { ...totals, ...changed }).filter(({ holds }) => !holds).map(({ rule }) => rule);
const sawtooth = (i: number) => 250 + i % 10 * 6;
const well = samplesOf(sawtooth);

Deno.test("judge() takes heaps that come and go, and what grew while it warmed up", () => {
  assert.deepEqual(broken(well), []);
  assert.deepEqual(broken(samplesOf((i) => Math.min(900, 100 + i * 15))), []);
});

Deno.test("judge() finds memory that rises, in one step or slowly, and a part that has ended", () => {
  const rule = ["memory of master is bounded"];
  assert.deepEqual(broken(samplesOf((i) => sawtooth(i) + 4 * i)), rule);
  assert.deepEqual(broken(samplesOf((i) => i < 150 ? 250 : 400)), rule);
  assert.deepEqual(broken(samplesOf((i) => i < 190 ? 250 : 0)), rule);
  // Below the first half's burst, and yet on its way up.
  assert.deepEqual(
    broken(samplesOf((i) => i === 120 ? 900 : 250 + Math.max(0, i - 150) * 5)),
    rule,
  );
});

Deno.test("judge() finds what was lost, doubled, refused, left waiting, or never sent", () => {
  assert.deepEqual(broken(well, { rows: 999_999 }), ["nothing lost, nothing doubled"]);
  assert.deepEqual(broken(well, { rows: 1_000_001 }), ["nothing lost, nothing doubled"]);
  const answered = ["every frame was acknowledged and none refused"];
  assert.deepEqual(broken(well, { sealed: 1_000_001 }), answered);
  assert.deepEqual(broken(well, { refused: 1 }), answered);
  assert.deepEqual(broken(well, { lag_frames: 1 }), ["lag is back to zero"]);
  assert.deepEqual(broken(well, { lag_records: 1 }), ["lag is back to zero"]);
  assert.deepEqual(broken(samplesOf(sawtooth, (i) => i * 100)), ["the head-end kept up"]);
  assert.deepEqual(
    broken(samplesOf(sawtooth, (i) => i === 120 ? 50_000 : 9)),
    [],
    "a burst may be",
  );
  assert.deepEqual(broken(well, { seconds: 1_200 }), ["the load went at its rate"]);
  assert.deepEqual(broken(well.slice(0, 105)), ["enough samples to see a trend"]);
});

Deno.test("riseOf() is what the line through the values rises by", () => {
  assert.equal(riseOf([0, 1, 2, 3], [5, 7, 9, 11]), 6);
  assert.equal(riseOf([0, 1], [4, 4]), 0);
  assert.equal(riseOf([3], [9]), 0);
});

Deno.test("the picture shows each measure from zero up", () => {
  assert.equal(sparkline([0, 4, 8]), "▁▅█");
  assert.equal(sparkline(Array.from({ length: 480 }, () => 1)).length, 48);
  assert.match(pictureOf(well), /^master, MB +\S{48} +250 +304 +304$/m);
  assert.match(pictureOf(well), /^rows a second +█+ +1,000 +1,000 +1,000$/m);
});

Deno.test("a soak says what disk it needs before it starts", async () => {
  const hour = 36_000_000;
  assert.ok(framesBytesMax(hour) < 2 ** 30 && framesBytesMax(1) === 16 * 2 ** 20);
  assert.ok(bytesNeeded(hour) > hour * 200 && bytesNeeded(hour) < 30e9);
  requireDisk(hour, bytesNeeded(hour), "/tmp");
  assert.throws(() => requireDisk(hour, bytesNeeded(hour) - 1, "/tmp"), /need .* GB in \/tmp/);
  assert.ok(await freeBytes("/tmp") > 0);
});

Deno.test("readSoakOptions() has an hour at 10,000 a second, and tells wrong usage in one line", () => {
  const { minutes, rate } = readSoakOptions([]);
  assert.deepEqual([minutes, rate], [60, 10_000]);
  assert.throws(() => readSoakOptions(["--minutes", "0"]), /--minutes is a whole number from 1/);
  assert.throws(() => readSoakOptions(["--hours", "1"]), { name: "UsageError" });
});

Deno.test({
  name: "a soak that is interrupted ends what it started and leaves nothing but its samples",
  ignore: postgresBinaries() === undefined,
  fn: interruptedSoak,
});

async function interruptedSoak(): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "samay-test-" });
  await Deno.chmod(dir, 0o755); // PostgreSQL runs as another user.
  let child: Deno.ChildProcess | undefined;
  let ended = false;
  try {
    child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-q", "--no-prompt", "--allow-all"],
        fileURLToPath(new URL("main.ts", import.meta.url)),
        ...["--minutes", "1", "--rate", "200", "--meters", "64", "--every", "1"],
        ...["--out", `${dir}/out`],
      ],
      env: { TMPDIR: dir },
      stdout: "null",
      stderr: "null",
    }).spawn();
    const sampled = async () => {
      const text = await Deno.readTextFile(`${dir}/out/samples.jsonl`).catch(() => "");
      return text.trim().split("\n").filter((line) => line !== "");
    };
    const end_ms = performance.now() + 60_000;
    while ((await sampled()).length < 3) {
      assert.ok(performance.now() < end_ms, "three samples within a minute");
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    const { memory_mb, rows } = JSON.parse((await sampled()).at(-1)!) as Sample;
    child.kill("SIGINT");
    assert.equal((await child.status).code, 130);
    ended = true;
    const parts = ["nats-server", "PostgreSQL", "billing", "master-1"];
    assert.deepEqual(Object.keys(memory_mb), parts);
    assert.ok(rows > 0 && Object.values(memory_mb).every((mb) => mb > 0));
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), ["out"]);
    const { stdout } = await new Deno.Command("ps", { args: ["-A", "-o", "args="] }).output();
    assert.ok(!new TextDecoder().decode(stdout).includes(dir), "no process of it is left");
  } finally {
    if (!ended) child?.kill("SIGINT");
    await child?.status;
    await Deno.remove(dir, { recursive: true });
  }
}
