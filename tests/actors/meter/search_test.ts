/** The search of the meter actor over real frames and real keys. */
import assert from "node:assert/strict";
import { meterActor } from "../../../actors/meter/meter.ts";
import { decodeMeter, freshMeter, type MeterState } from "../../../actors/meter/state.ts";
import { CANDIDATES_MAX } from "../../../protocol/tves/window.ts";
import { energy } from "../../support/meters.ts";
import { Random } from "../../simulation/random.ts";
import { freeRunning } from "../../simulation/window/world.ts";
import { find, frame, input, METER, NOW_MS, type SealedAs } from "./world.ts";

const QUARTER_MS = 900_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

function take(state: MeterState, payload: Uint8Array, arrival_ms: number) {
  const event = meterActor.receive(state, input(payload, arrival_ms), find);
  meterActor.apply(state, event);
  return event;
}

/** Takes an honest frame that was sealed `late_ms` before it arrives. */
function honest(state: MeterState, arrival_ms: number, as: SealedAs, late_ms = 40) {
  const sealed_at_ms = arrival_ms - late_ms;
  const registers = energy(1_000, sealed_at_ms - 1_000);
  return take(state, frame({ ...as, sealed_at_ms, registers }), arrival_ms);
}

const reasonOf = (event: ReturnType<typeof take>) =>
  event.event === "reject" ? event.reason : event.event;

const shown = (state: MeterState) => {
  const { clock, replay, last } = state;
  return JSON.stringify({ clock, replay: replay.state(), last });
};

Deno.test("frames that were harvested with a clock pushed forward are refused as pre_played", () => {
  const state = freshMeter(METER);
  const harvested = NOW_MS + 2 * HOUR_MS; // The clock stood here for the moment of frames 3 and 4.
  const early = [3, 4].map((sequence) => {
    const registers = energy(9_000, harvested - 1_000);
    return frame({ sequence, sealed_at_ms: harvested + sequence * 1_000, registers });
  });
  for (const [i, sequence] of [1, 2, 5, 6].entries()) {
    const event = honest(state, NOW_MS + i * QUARTER_MS, { sequence });
    assert.equal(event.event, "reading");
  }
  const before = shown(state);
  // Played when their second has come: the window opens them, their order betrays them.
  for (const [i, payload] of early.entries()) {
    assert.equal(reasonOf(take(state, payload, harvested + (3 + i) * 1_000 + 40)), "pre_played");
  }
  assert.equal(shown(state), before);
  const next = honest(state, harvested + QUARTER_MS, { sequence: 7 });
  assert.equal(next.event, "reading");
});

Deno.test("a harvested frame that is played first does not hide that the honest ones were pushed aside", () => {
  const state = freshMeter(METER);
  honest(state, NOW_MS, { sequence: 1 });
  const pushed_ms = NOW_MS + 9_000; // Within the window: it opens, and stands as the highest.
  assert.equal(
    reasonOf(take(state, frame({ sequence: 3, sealed_at_ms: pushed_ms }), NOW_MS + 500)),
    "reading",
  );
  assert.equal(reasonOf(honest(state, NOW_MS + 1_000, { sequence: 4 })), "pre_played");
});

Deno.test("a flood of forged frames moves neither the clock model nor the replay window, at bounded cost", () => {
  const state = freshMeter(METER);
  for (let i = 1; i <= 20; i++) honest(state, NOW_MS + i * QUARTER_MS, { sequence: i });
  const now_ms = NOW_MS + 21 * QUARTER_MS;
  const genuine = frame({ sequence: 21, sealed_at_ms: now_ms, registers: energy(1, now_ms - 1) });
  const before = shown(state);
  const chance = new Random(6_479);
  for (let i = 0; i < 500; i++) {
    const forged = genuine.slice();
    const from = i % 2 === 0 ? 12 : 16; // The sequence of the header, or commitment and ciphertext.
    const at = from + Math.floor(chance.next() * (i % 2 === 0 ? 4 : forged.length - 16));
    forged[at]! ^= 1 + Math.floor(chance.next() * 255);
    const event = take(state, forged, now_ms + i);
    assert.equal(event.event, "reject");
    assert.ok(event.trials <= CANDIDATES_MAX, `${event.trials} trials`);
  }
  assert.equal(shown(state), before);
  assert.equal(honest(state, now_ms + 1_000, { sequence: 21 }).event, "reading");
});

Deno.test("a frame costs at most 42 trials, however far off its meter's clock is believed to be", () => {
  const state = freshMeter(METER);
  state.clock.samples = 100;
  state.clock.sampled_at_ms = NOW_MS;
  for (const offset_s of [0, 0.4, 5, -15, 21, 500, -90_000]) {
    state.clock.offset_s = offset_s;
    const lost = frame({ sequence: 1, sealed_at_ms: NOW_MS - 50_000 });
    const event = meterActor.receive(state, input(lost, NOW_MS), find);
    assert.equal(reasonOf(event), "no_key_in_window");
    assert.ok(event.trials >= 21 && event.trials <= CANDIDATES_MAX, `${event.trials}`);
  }
});

Deno.test("windows over the change of an hour and of a day find their second in the real key chains", () => {
  for (const boundary_ms of [NOW_MS + HOUR_MS, NOW_MS + DAY_MS, NOW_MS]) {
    for (const off_ms of [-9_900, -5_000, -1, 0, 1, 5_000, 9_900]) {
      for (const arrival_ms of [boundary_ms - 500, boundary_ms, boundary_ms + 500]) {
        const event = honest(freshMeter(METER), arrival_ms, { sequence: 1 }, -off_ms);
        assert.equal(event.event, "reading", `${arrival_ms - boundary_ms} ${off_ms}`);
        assert.equal(
          event.event === "reading" && event.t_s,
          Math.floor((arrival_ms + off_ms) / 1_000),
        );
      }
    }
  }
});

Deno.test("a hint leaves one trial even at first contact, and a wrong hint opens nothing", () => {
  for (const off_ms of [-9_000, 300, 9_000]) {
    const event = honest(freshMeter(METER), NOW_MS, { sequence: 1, hint: true }, -off_ms);
    assert.equal(event.event, "reading");
    assert.equal(event.trials, 1);
  }
  const wrong = frame({ sequence: 1, hint: true });
  wrong[9]! ^= 0x80;
  const event = take(freshMeter(METER), wrong, NOW_MS);
  assert.equal(reasonOf(event), "no_key_in_window");
  assert.equal(event.trials, 0);
  const near = frame({ sequence: 1, hint: true });
  near[9] = (near[9]! + 1) % 256; // In the window, yet the hint is under the key.
  assert.equal(reasonOf(take(freshMeter(METER), near, NOW_MS)), "no_key_in_window");
});

Deno.test("a free-running meter of 100 ppm is followed for 40 days of real frames, far out of ten seconds", () => {
  const state = freshMeter(METER);
  let [sequence, frames, trials] = [0, 0, 0];
  for (const { at_s, error_s, delay_s, lost } of freeRunning(new Random(7), 40, 100)) {
    sequence++;
    if (lost || sequence % 3 === 0) continue; // A third is lost besides: gaps of half an hour.
    const sealed_at_ms = Math.round(NOW_MS + (at_s + error_s) * 1_000);
    const arrival_ms = Math.round(NOW_MS + (at_s + delay_s) * 1_000);
    const registers = energy(sequence, sealed_at_ms - 1_000);
    const event = take(state, frame({ sequence, sealed_at_ms, registers }), arrival_ms);
    assert.equal(event.event, "reading", `frame ${sequence}: ${reasonOf(event)}`);
    assert.equal(event.event === "reading" && event.t_s, Math.floor(sealed_at_ms / 1_000));
    frames++;
    trials += event.trials;
  }
  assert.ok(state.clock.offset_s > 300, `${state.clock.offset_s}`);
  assert.ok(trials / frames <= 1.5, `${trials / frames}`);
});

Deno.test("arrivals in 1970 and 2100 and packs that say so never break the state", () => {
  const state = freshMeter(METER);
  honest(state, NOW_MS, { sequence: 1 });
  const before = shown(state);
  for (const arrival_ms of [0, 1, 5_000, Date.UTC(2100, 0, 1), 8.64e15]) {
    assert.equal(reasonOf(take(state, frame({ sequence: 2 }), arrival_ms)), "no_key_in_window");
  }
  for (const said_ms of [0, 1, Date.UTC(2100, 0, 1), 8.64e15]) {
    const payload = frame({ sequence: 2, said_ms, registers: energy(1, 0) });
    assert.equal(reasonOf(take(state, payload, NOW_MS)), "not_a_pack");
  }
  assert.equal(shown(state), before);
  // No broker stamps such a time; the shard sets the frame aside and goes on.
  assert.throws(
    () => meterActor.receive(state, input(frame({ sequence: 2 }), NaN), find),
    /no time/,
  );
  assert.equal(shown(state), before);
  assert.equal(honest(state, NOW_MS + QUARTER_MS, { sequence: 2 }).event, "reading");
});

Deno.test("a snapshot of version 1 is read: the offset stays, of the drift nothing is known", () => {
  const old = {
    clock: { offset_s: -4.2, variance_s2: 0.0004, sampled_at_ms: NOW_MS, samples: 812 },
    replay: { generation: 1, boot: 1, highest: 5, highest_t_s: NOW_MS / 1_000 - 5, seen: [5] },
    last: null,
    opened: 812,
    trials: 830,
    rejected: { replayed: 2 },
  };
  assert.ok(meterActor.reads?.includes(1));
  const state = decodeMeter(METER, old, 1);
  assert.deepEqual([state.clock.offset_s, state.clock.drift_ppm], [-4.2, 0]);
  assert.ok(state.clock.drift_variance_ppm2 >= 3_600);
  const arrival_ms = NOW_MS + QUARTER_MS;
  const event = honest(state, arrival_ms, { sequence: 6 }, 4_200);
  assert.equal(event.event === "reading" && event.trials, 1);
  assert.throws(() => decodeMeter(METER, old), /Snapshot of meter MH001: .*drift_ppm/);
});

Deno.test("a meter's state stays under 1 KiB after a thousand frames of which one in fifty was lost", () => {
  const state = freshMeter(METER);
  for (let i = 1; i <= 1_000; i++) {
    if (i % 50 === 0) continue;
    const arrival_ms = NOW_MS + i * QUARTER_MS;
    const read_at_ms = arrival_ms - 20_000;
    const registers = ["1.8.0", "2.8.0", "3.8.0", "4.8.0"].map((code) => ({
      ...{ obis: `1-0:${code}`, value: 4_294_900_000 + i, unit: "Wh", read_at_ms },
    }));
    take(state, frame({ sequence: i, sealed_at_ms: arrival_ms - 40, registers }), arrival_ms);
  }
  const late = frame({ sequence: 1_001, sealed_at_ms: NOW_MS + 1_001 * QUARTER_MS - 8_000 });
  take(state, late, NOW_MS + 1_001 * QUARTER_MS);
  assert.ok(state.clock.apart !== null);
  const packed = meterActor.encode(state) as string;
  assert.ok(packed.length < 512, `${packed.length} bytes`);
});
