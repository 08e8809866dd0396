import assert from "node:assert/strict";
import { AwakeClock } from "../../../streams/edge/awake_clock.ts";
import { SlaveClock } from "../../../streams/edge/slave_clock.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { startLocalClock } from "../../../streams/time/local_clock.ts";
import { SimulatedSync } from "./simulated.ts";

const NOON_MS = 1_795_341_600_000;

/** A machine that sleeps: its monotonic clock stands still, its uptime goes on, in whole seconds. */
class Machine {
  awake_s = 0;
  asleep_s = 0;
  readonly clock = {
    now_ns: () => BigInt(Math.round(this.awake_s * 1e9)), // 1970: it has no clock of its own.
    monotonic_s: () => this.awake_s,
  };
  readonly uptime_s = () => Math.floor(1_000.7 + this.awake_s + this.asleep_s);
}

function slaveClock(machine: Machine, uptime_s: () => number | undefined = machine.uptime_s) {
  const sync = new SimulatedSync();
  const adopted: number[] = [];
  const steps: number[] = [];
  const clock = new SlaveClock({
    clock: new AwakeClock(machine.clock, uptime_s),
    log: silentLog,
    poll_s: 64,
    sources: [],
    onAdopted: ({ offset_s }) => adopted.push(offset_s),
    onStepRefused: (_, step_s) => steps.push(step_s),
    follow: sync.follow,
  });
  return { clock, sync, adopted, steps };
}

Deno.test("AwakeClock counts a sleep once, and takes no rounding for one", () => {
  const machine = new Machine();
  const clock = new AwakeClock(machine.clock, machine.uptime_s);
  for (let i = 0; i < 5_000; i++) {
    machine.awake_s += 0.137;
    assert.equal(clock.check(), 0);
  }
  machine.asleep_s += 3_600;
  const slept_s = clock.check();
  assert.ok(Math.abs(slept_s - 3_600) <= 1, `${slept_s}`);
  assert.equal(clock.check(), 0);
  assert.ok(Math.abs(clock.monotonic_s() - machine.awake_s - 3_600) <= 1);
  assert.ok(Math.abs(Number(clock.now_ns()) / 1e9 - machine.awake_s - 3_600) <= 1);
});

Deno.test("SlaveClock asks for the time afresh when the machine has slept, and refuses no step then", async () => {
  const machine = new Machine();
  const { clock, sync } = slaveClock(machine);
  sync.adopt(NOON_MS);
  assert.equal(clock.now().estimate.quality, 2);
  machine.asleep_s += 8 * 3_600;
  const { at_ms, estimate } = clock.now();
  assert.equal(estimate.quality, 0, "nothing is sealed by a guess");
  const right_ms = NOON_MS + 8 * 3_600_000;
  assert.ok(Math.abs(at_ms - right_ms) <= 1_000, "what it shows is off by a second at most");
  assert.equal(sync.followed.length, 2, "a fresh estimator has nothing to contradict");
  assert.ok(Math.abs(clock.readClock().at_ms - right_ms) <= 1_000);
  sync.adopt(right_ms);
  assert.deepEqual([clock.now().at_ms, clock.now().estimate.quality], [right_ms, 2]);
  await clock.stop();
});

Deno.test("SlaveClock does not listen to an answer from before the sleep", async () => {
  const machine = new Machine();
  const { clock, sync, adopted, steps } = slaveClock(machine);
  sync.adopt(NOON_MS);
  machine.asleep_s += 60;
  clock.now();
  const late = sync.followed[0]!;
  late.onAdopted?.(clock.now().estimate);
  late.onTrouble?.({ server: "a", reason: "step_refused", text: "late", step_s: 60 });
  assert.deepEqual([adopted.length, steps.length], [1, 0]);
  await clock.stop();
});

Deno.test("SlaveClock doubts what it reads by between a contradiction and the next good answer", async () => {
  const { clock, sync, steps } = slaveClock(new Machine(), () => undefined);
  sync.adopt(NOON_MS);
  assert.equal(clock.readClock().doubted, false);
  sync.refuse(28_800);
  assert.deepEqual(steps, [28_800]);
  assert.equal(clock.readClock().doubted, true);
  assert.equal(clock.now().estimate.quality, 2, "a liar alone does not stop the sealing");
  sync.adopt(NOON_MS);
  assert.equal(clock.readClock().doubted, false);
  await clock.stop();
});

Deno.test("SlaveClock says why it cannot be sealed by", async () => {
  const { clock, sync } = slaveClock(new Machine());
  assert.equal(clock.reason(), "no time server has given a good answer yet");
  sync.refuse(9, "ntp1");
  assert.match(clock.reason()!, /^no time server .* yet; ntp1: step of 9 s refused$/);
  sync.adopt(NOON_MS);
  assert.equal(clock.reason(), null);
  sync.lapse();
  assert.equal(clock.reason(), "the last good answer is too old");
  for (let i = 0; i < 50; i++) sync.refuse(9, `server-number-${i}`);
  assert.ok(clock.reason()!.length <= 200);
  await clock.stop();
});

Deno.test("SlaveClock goes on when the system's clock is set to 1970 or to 2100", async () => {
  const sync = new SimulatedSync();
  const real = Date.now;
  const clock = new SlaveClock({
    clock: new AwakeClock(startLocalClock()),
    log: silentLog,
    poll_s: 64,
    sources: [],
    onAdopted: () => {},
    onStepRefused: () => {},
    follow: sync.follow,
  });
  sync.adopt(NOON_MS);
  try {
    for (const wrong_ms of [0, Date.UTC(2100, 0)]) {
      Date.now = () => wrong_ms;
      const off_ms = clock.now().at_ms - NOON_MS;
      assert.ok(off_ms >= 0 && off_ms < 5_000, `${off_ms} ms off`);
    }
  } finally {
    Date.now = real;
  }
  await clock.stop();
});
