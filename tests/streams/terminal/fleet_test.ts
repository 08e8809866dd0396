/** `samay fleet`, as a person or a program calls it. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import type { FleetResult } from "../../../streams/fleet/run.ts";
import { faultOf } from "../../../streams/fleet/report.ts";

const MAIN = fileURLToPath(new URL("../../../main.ts", import.meta.url));

async function samay(args: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", "--allow-all", MAIN, "fleet", ...args],
    env,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("samay fleet --own has its readings confirmed by masters, and leaves nothing behind", async () => {
  const dir = await Deno.makeTempDir({ prefix: "samay-test-" });
  try {
    const words = "--own --meters 12 --rate 60 --seconds 2 --json".split(" ");
    const { code, stdout, stderr } = await samay(words, { TMPDIR: dir });
    assert.equal(code, 0, stderr);
    const result = JSON.parse(stdout) as FleetResult;
    assert.equal(result.sealed, 120);
    assert.deepEqual([result.acknowledged, result.confirmed, result.refused], [120, 120, {}]);
    assert.ok(result.confirm_ms!.p50! >= result.ack_ms.p50!);
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), []);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

Deno.test("samay fleet says in one line what is wrong, and what to do", async () => {
  const nobody = await samay(["--seconds", "1"], { SAMAY_NATS_URL: "nats://127.0.0.1:1" });
  assert.equal(nobody.code, 1);
  assert.match(nobody.stderr, /No NATS server at nats:\/\/127\.0\.0\.1:1.*deno task start/);
  const tooFast = await samay(["--meters", "2", "--rate", "3000"]);
  assert.equal(tooFast.code, 2);
  assert.match(tooFast.stderr, /--rate is at most 1000 a meter and second: 2 meters give no 3000/);
  for (const { stdout, stderr } of [nobody, tooFast]) {
    assert.deepEqual([stdout, stderr.trim().split("\n").length], ["", 1]);
  }
});

Deno.test("faultOf() finds what did not go well, and nothing where all did", () => {
  const well: FleetResult = {
    ...{ meters: 1, seconds: 1, sealed: 9, acknowledged: 9, acknowledged_a_second: 9, cpu_s: 1 },
    ...{ acknowledged_a_second_a_core: 9, late_ms_max: 0, ack_ms: { p50: 1, p99: 1 } },
    ...{ confirmed: 9, confirm_ms: { p50: 1, p99: 1 }, refused: {}, interrupted: false },
  };
  assert.equal(faultOf(well), undefined);
  assert.equal(faultOf({ ...well, confirmed: null }), undefined);
  assert.match(faultOf({ ...well, acknowledged: 8 })!, /1 frames were not acknowledged/);
  assert.match(faultOf({ ...well, confirmed: 7 })!, /2 readings were not confirmed/);
  assert.match(faultOf({ ...well, refused: { replayed: 3 } })!, /3 frames were refused/);
  assert.match(faultOf({ ...well, interrupted: true })!, /stopped/);
});
