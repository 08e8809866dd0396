import assert from "node:assert/strict";
import type { Verdict } from "../../../protocol/ntp/exchange.ts";
import { AwakeClock } from "../../../streams/edge/awake_clock.ts";
import { SlaveClock } from "../../../streams/edge/slave_clock.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { until } from "./head_end.ts";

const NOON_S = 1_795_341_600;
const SLEEP_S = 8 * 3_600;

/** A machine, a good time server, and the real estimator between them. */
class World {
  awake_s = 10;
  asleep_s = 0;
  refused = 0;
  readonly clock: SlaveClock;

  constructor(options: { readonly uptime: boolean }) {
    const base = {
      now_ns: () => BigInt(Math.round(this.awake_s * 1e9)),
      monotonic_s: () => this.awake_s,
    };
    const uptime_s = () => options.uptime ? Math.floor(this.awake_s + this.asleep_s) : undefined;
    const awake = new AwakeClock(base, uptime_s);
    const ask = (): Promise<Verdict> => {
      this.awake_s += 0.001;
      const offset_s = this.utc_s - Number(awake.now_ns()) / 1e9;
      const sample = {
        offset_s,
        delay_s: 0.001,
        rootDelay_s: 0,
        rootDispersion_s: 0.001,
        stratum: 1,
        leap: 0,
        reference: "TEST",
        authenticated: false,
      };
      return Promise.resolve({ accepted: true, sample } as unknown as Verdict);
    };
    this.clock = new SlaveClock({
      clock: awake,
      log: silentLog,
      poll_s: 0.05,
      sources: [{ name: "good", ask }],
      onAdopted: () => {},
      onStepRefused: () => void this.refused++,
    });
  }

  /** The time that the server has. */
  get utc_s(): number {
    return NOON_S + this.awake_s + this.asleep_s;
  }

  get error_s(): number {
    return this.clock.now().at_ms / 1_000 - this.utc_s;
  }

  async isKnown(): Promise<void> {
    await until("the clock is known", () => {
      this.awake_s += 0.01;
      return this.clock.now().estimate.quality >= 2;
    });
    assert.ok(Math.abs(this.error_s) < 0.1, `${this.error_s} s wrong`);
  }
}

Deno.test("SlaveClock after a sleep of hours is right within moments, and no step was refused", async () => {
  const world = new World({ uptime: true });
  await world.isKnown();
  world.asleep_s += SLEEP_S;
  assert.equal(world.clock.now().estimate.quality, 0);
  await world.isKnown();
  assert.equal(world.refused, 0);
  await world.clock.stop();
});

Deno.test("SlaveClock whose sleep cannot be noticed is doubted, and not locked out for ever", async () => {
  const world = new World({ uptime: false });
  await world.isKnown();
  world.asleep_s += SLEEP_S;
  await until("the server contradicts it", () => world.refused > 3);
  assert.ok(world.clock.readClock().doubted, "what is read now is dated later");
  // Its estimate ages until it is not good enough to seal by: 2 s at 100 ppm.
  world.awake_s += 6 * 3_600;
  await world.isKnown();
  assert.ok(!world.clock.readClock().doubted);
  await world.clock.stop();
});
