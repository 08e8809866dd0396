import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  type FrameOrder,
  OVERLAP_S,
  REPLAY_WIDTH,
  ReplayWindow,
} from "../../../protocol/tves/replay.ts";
import { Packer, Unpacker } from "../../../protocol/packed.ts";
import { packReplay, replayState, unpackReplay } from "../../../protocol/tves/replay_state.ts";

/** A frame whose second follows its sequence, as an honest clock has it. */
function frame(sequence: number, change: Partial<FrameOrder> = {}): FrameOrder {
  return { generation: 1, boot: 5, sequence, t_s: 1_000_000 + sequence, ...change };
}

function windowAfter(...frames: FrameOrder[]): ReplayWindow {
  const window = new ReplayWindow();
  for (const each of frames) window.commit(each);
  return window;
}

const json = (value: unknown) => JSON.parse(JSON.stringify(value));

Deno.test("ReplayWindow is 2048 wide: a frame 2047 back is fresh, one 2048 back too old", () => {
  for (const highest of [2_048, 2_049, 5_000, 5_024, 2 ** 31 + 7, 2 ** 32 - 1]) {
    const window = windowAfter(frame(highest));
    strictEqual(window.check(frame(highest - 2_047)), "fresh", `${highest}`);
    const tooOld = highest === 2_048 ? frame(0) : frame(highest - 2_048);
    strictEqual(window.check(tooOld), "too_old", `${highest}`);
  }
});

Deno.test("ReplayWindow says replayed for every frame it has accepted and fresh for the gaps", () => {
  const window = new ReplayWindow();
  for (let s = 1; s <= 6_000; s++) if (s % 7 !== 0) window.commit(frame(s));
  for (let s = 6_000 - 2_047; s <= 6_000; s++) {
    strictEqual(window.check(frame(s)), s % 7 === 0 ? "fresh" : "replayed", `${s}`);
  }
});

Deno.test("ReplayWindow.check() remembers nothing", () => {
  const window = new ReplayWindow();
  strictEqual(window.check(frame(1)), "fresh");
  strictEqual(window.check(frame(1)), "fresh");
  window.commit(frame(1));
  strictEqual(window.check(frame(1)), "replayed");
});

Deno.test("ReplayWindow says the same of its past whether or not it was looked at meanwhile", () => {
  const steps = fc.array(fc.constantFrom(1, 1, 1, 2, 5, 40, 2_046, 2_047, 2_048, 9_000), {
    minLength: 1,
    maxLength: 200,
  });
  fc.assert(fc.property(steps, (gaps) => {
    const [straight, asked] = [new ReplayWindow(), new ReplayWindow()];
    let sequence = 0;
    for (const gap of gaps) {
      sequence += gap;
      straight.commit(frame(sequence));
      asked.commit(frame(sequence));
      asked.check(frame(sequence)); // A frame that comes again has it make its ring.
      deepStrictEqual(straight.state(), asked.state());
    }
  }));
});

Deno.test("ReplayWindow takes a late frame once when it comes within the width", () => {
  const window = windowAfter(frame(1), frame(100), frame(50));
  strictEqual(window.check(frame(50)), "replayed");
  strictEqual(window.check(frame(51)), "fresh");
  strictEqual(window.check(frame(100)), "replayed");
});

Deno.test("ReplayWindow says pre_played when sequence and time do not rise together", () => {
  const window = windowAfter(frame(100));
  const later = frame(100).t_s + 1;
  strictEqual(window.check(frame(99, { t_s: later })), "pre_played");
  strictEqual(window.check(frame(101, { t_s: later - 2 })), "pre_played");
  // One second may carry several frames.
  strictEqual(window.check(frame(99, { t_s: later - 1 })), "fresh");
  strictEqual(window.check(frame(101, { t_s: later - 1 })), "fresh");
});

Deno.test("ReplayWindow refuses harvested frames when the clock was pushed forward for a while", () => {
  // Sequences 11 to 20 were sealed an hour ahead and held back; the clock was then set right.
  const window = windowAfter(frame(10), frame(21));
  for (let s = 11; s <= 20; s++) {
    strictEqual(window.check(frame(s, { t_s: frame(s).t_s + 3_600 })), "pre_played");
  }
});

Deno.test("ReplayWindow starts anew with a newer boot and takes no older one again", () => {
  const window = windowAfter(frame(900), frame(1, { boot: 6 }));
  strictEqual(window.check(frame(901)), "too_old");
  strictEqual(window.check(frame(1, { boot: 6 })), "replayed");
  strictEqual(window.check(frame(900, { boot: 6 })), "fresh");
  // Time is compared within one boot: a clock may be set right while the slave is down.
  strictEqual(window.check(frame(1, { boot: 7, t_s: 5 })), "fresh");
});

Deno.test("ReplayWindow starts an empty window with a newer generation, whatever its boot", () => {
  const window = windowAfter(frame(900), frame(3, { generation: 2, boot: 0 }));
  strictEqual(window.check(frame(900, { generation: 2, boot: 0 })), "fresh");
  strictEqual(window.check(frame(3, { generation: 2, boot: 0 })), "replayed");
  strictEqual(window.check(frame(0, { generation: 3 })), "too_old");
});

/** The moment of the switch in the tests of a re-key: generation 2 begins at sequence 901. */
const SWITCH = frame(901, { generation: 2 });

Deno.test("ReplayWindow takes a frame of the previous generation that was in flight at the switch, once", () => {
  const window = windowAfter(frame(890), frame(895), SWITCH);
  for (const late of [frame(900), frame(899), frame(894), frame(900, { t_s: SWITCH.t_s })]) {
    strictEqual(window.check(late), "fresh");
  }
  window.commit(frame(900));
  strictEqual(window.check(frame(900)), "replayed");
  strictEqual(window.check(frame(890)), "replayed");
  strictEqual(window.check(frame(894)), "fresh");
  strictEqual(window.check(frame(894, { t_s: frame(900).t_s + 1 })), "pre_played");
  strictEqual(window.check(frame(9, { boot: 4 })), "too_old");
  strictEqual(window.check(frame(1, { boot: 6 })), "fresh", "a start that was in flight too");
  strictEqual(window.check(frame(902, { generation: 2 })), "fresh");
});

Deno.test("ReplayWindow takes nothing of the previous generation sealed after the first second of the new one", () => {
  const window = windowAfter(frame(890), SWITCH);
  for (const boot of [5, 6]) {
    for (const t_s of [SWITCH.t_s + 1, SWITCH.t_s + 10, SWITCH.t_s + OVERLAP_S]) {
      strictEqual(window.check(frame(900, { boot, t_s })), "too_old");
    }
  }
  // An earlier frame of the new generation that comes later moves the limit back, never forward.
  window.commit(frame(899, { generation: 2, t_s: SWITCH.t_s - 2 }));
  strictEqual(window.check(frame(900, { t_s: SWITCH.t_s - 1 })), "too_old");
  strictEqual(window.check(frame(898, { t_s: SWITCH.t_s - 2 })), "fresh");
  window.commit(frame(1_500, { generation: 2 }));
  strictEqual(window.check(frame(900, { t_s: SWITCH.t_s - 1 })), "too_old");
});

Deno.test("ReplayWindow keeps one previous generation, and takes none that is older", () => {
  const third = frame(905, { generation: 3 });
  const window = windowAfter(frame(890), SWITCH, third);
  strictEqual(window.check(frame(891)), "too_old");
  strictEqual(window.check(frame(903, { generation: 2 })), "fresh");
  // A generation that was jumped over is none.
  const jumped = windowAfter(frame(890), frame(905, { generation: 7 }));
  strictEqual(jumped.check(frame(900, { generation: 5 })), "too_old");
  strictEqual(jumped.check(frame(900)), "fresh");
});

Deno.test("ReplayWindow forgets the previous generation a day after the switch, and is short again", () => {
  const window = windowAfter(frame(890), SWITCH);
  window.commit(frame(902, { generation: 2, t_s: SWITCH.t_s + OVERLAP_S }));
  strictEqual(window.check(frame(900)), "fresh");
  ok(window.state().previous);
  window.commit(frame(903, { generation: 2, t_s: SWITCH.t_s + OVERLAP_S + 1 }));
  strictEqual(window.check(frame(900)), "too_old");
  strictEqual(window.state().previous, undefined);
  ok(JSON.stringify(window.state()).length < 140);
});

Deno.test("ReplayWindow.state() carries the overlap, and refuses the same frames when restored", () => {
  const window = windowAfter(frame(890), frame(895), SWITCH);
  const stored = replayState.parse(json(window.state()));
  const restored = ReplayWindow.restore(stored);
  deepStrictEqual(restored.state(), window.state());
  strictEqual(restored.check(frame(895)), "replayed");
  strictEqual(restored.check(frame(900)), "fresh");
  strictEqual(restored.check(frame(900, { t_s: SWITCH.t_s + 1 })), "too_old");
  // A state that does not say when the new generation began proves nothing about the old one.
  const { first_t_s: _, ...without } = stored;
  strictEqual(ReplayWindow.restore(without).check(frame(900)), "too_old");
});

Deno.test("ReplayWindow.restore() reads a snapshot of before re-keying, and re-keys from there", () => {
  const old = { generation: 1, boot: 5, highest: 900, highest_t_s: 1_000_900, seen: [900] };
  const window = ReplayWindow.restore(replayState.parse(old));
  deepStrictEqual(json(window.state()), old);
  strictEqual(window.check(frame(900)), "replayed");
  strictEqual(window.check(frame(1, { generation: 0 })), "too_old");
  window.commit(frame(902));
  window.commit(frame(903, { generation: 2 }));
  strictEqual(window.check(frame(901)), "fresh");
  strictEqual(window.check(frame(902)), "replayed");
});

Deno.test("ReplayWindow keeps nothing of the old boot in the new one's window", () => {
  const window = new ReplayWindow();
  for (let s = 1; s <= 4_000; s++) window.commit(frame(s));
  window.commit(frame(4_000, { boot: 6 }));
  for (let s = 4_000 - 2_047; s < 4_000; s++) {
    strictEqual(window.check(frame(s, { boot: 6 })), "fresh");
  }
});

Deno.test("ReplayWindow says too_old for sequence 0, which is never sealed", () => {
  strictEqual(new ReplayWindow().check(frame(0)), "too_old");
});

Deno.test("ReplayWindow.commit() refuses what check() does not call fresh, and changes nothing", () => {
  const window = windowAfter(frame(5_000));
  const before = json(window.state());
  for (const bad of [frame(5_000), frame(1), frame(9, { boot: 4 }), frame(5_001, { t_s: 1 })]) {
    throws(() => window.commit(bad), RangeError);
  }
  deepStrictEqual(json(window.state()), before);
});

Deno.test("ReplayWindow.state() is short, whatever was accepted, and restores the same window", () => {
  const patterns: [string, (s: number) => boolean, number][] = [
    ["no gaps", () => true, 130],
    ["one in fifty lost", (s) => s % 50 !== 0, 420],
    ["every second lost", (s) => s % 2 === 0, 720],
    ["one meter of two hundred", (s) => s % 200 === 0, 220],
  ];
  for (const [name, accepted, length] of patterns) {
    const window = new ReplayWindow();
    for (let s = 1; s <= 5_000; s++) if (accepted(s)) window.commit(frame(s));
    const text = JSON.stringify(window.state());
    ok(text.length <= length, `${name}: ${text.length}`);
    const restored = ReplayWindow.restore(replayState.parse(JSON.parse(text)));
    strictEqual(JSON.stringify(restored.state()), text);
    for (let s = 2_000; s <= 5_100; s++) {
      strictEqual(restored.check(frame(s)), window.check(frame(s)), `${name}: ${s}`);
    }
  }
  deepStrictEqual(ReplayWindow.restore(new ReplayWindow().state()), new ReplayWindow());
});

Deno.test("ReplayWindow.restore() refuses a window wider than it may be", () => {
  const state = windowAfter(frame(5_000)).state();
  throws(() => ReplayWindow.restore({ ...state, seen: [REPLAY_WIDTH + 1] }), RangeError);
  throws(() => ReplayWindow.restore({ ...state, seen: [0, 3_000, 1] }), RangeError);
  throws(() => replayState.parse({ ...state, seen: "ff".repeat(257) }));
});

Deno.test("ReplayWindow agrees with a plain set of everything accepted, across restarts", () => {
  const step = fc.record({
    jump: fc.oneof(fc.integer({ min: -40, max: 40 }), fc.integer({ min: -2_100, max: 2_100 })),
    boot: fc.integer({ min: -1, max: 12 }),
    skew_s: fc.integer({ min: -3, max: 3 }),
    restart: fc.nat(9),
  });
  fc.assert(fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
    let window = new ReplayWindow();
    let boot = 1;
    let accepted = new Map<number, number>();
    for (const { jump, boot: bootChange, skew_s, restart } of steps) {
      const highest = Math.max(0, ...accepted.keys());
      const candidate = {
        generation: 1,
        // Seldom a newer boot, seldom an older one.
        boot: boot + (bootChange === 12 ? 1 : Math.min(bootChange, 0)),
        sequence: Math.max(0, (highest || 3_000) + jump),
        t_s: 0,
      };
      candidate.t_s = Math.max(0, 10_000 + candidate.sequence + skew_s);
      const expected = plainVerdict(candidate, boot, accepted);
      strictEqual(window.check(candidate), expected);
      if (expected !== "fresh") continue;
      window.commit(candidate);
      if (candidate.boot > boot) accepted = new Map();
      boot = candidate.boot;
      accepted.set(candidate.sequence, candidate.t_s);
      if (restart === 0) window = ReplayWindow.restore(json(window.state()));
    }
  }));
});

function plainVerdict(frame: FrameOrder, boot: number, accepted: Map<number, number>): string {
  if (frame.sequence === 0) return "too_old";
  if (accepted.size === 0 || frame.boot > boot) return "fresh";
  if (frame.boot < boot) return "too_old";
  const highest = Math.max(...accepted.keys());
  const highest_t_s = accepted.get(highest)!;
  if (frame.sequence < highest && frame.t_s > highest_t_s) return "pre_played";
  if (frame.sequence > highest && frame.t_s < highest_t_s) return "pre_played";
  if (highest - frame.sequence >= REPLAY_WIDTH) return "too_old";
  return accepted.has(frame.sequence) ? "replayed" : "fresh";
}

Deno.test("ReplayWindow accepts no frame twice over re-keys, restarts and late frames", () => {
  const step = fc.record({
    back: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 60 })),
    rekey: fc.nat(20),
    older: fc.nat(3),
    restart: fc.nat(9),
    ahead_s: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 5 })),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), (steps) => {
      let window = new ReplayWindow();
      const accepted = new Set<string>();
      let [generation, next] = [1, 100];
      const firsts = new Map<number, number>();
      for (const { back, rekey, older, restart, ahead_s } of steps) {
        if (rekey === 0 && generation < 255) generation++;
        const sequence = next++ - back;
        const candidate = frame(sequence, {
          generation: older === 0 ? Math.max(1, generation - 1) : generation,
        });
        const order = { ...candidate, t_s: candidate.t_s + ahead_s };
        if (window.check(order) === "fresh") {
          window.commit(order);
          const name = `${order.generation}/${order.sequence}`;
          ok(!accepted.has(name), `${name} twice`);
          accepted.add(name);
          for (const [later, first_s] of firsts) {
            ok(later <= order.generation || order.t_s <= first_s, "sealed after the switch");
          }
          const first_s = firsts.get(order.generation) ?? Infinity;
          firsts.set(order.generation, Math.min(first_s, order.t_s));
          strictEqual(window.check(order), "replayed");
        }
        if (restart === 0) window = ReplayWindow.restore(replayState.parse(json(window.state())));
      }
    }),
    { seed: 2_026 },
  );
});

Deno.test("ReplayWindow.state() says of every sequence what was accepted, and packs to the same", () => {
  const packer = new Packer();
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 5_000 }), { maxLength: 400 }),
      fc.integer({ min: 1, max: 7 }),
      (sequences, step) => {
        const window = new ReplayWindow();
        const accepted = new Set<number>();
        for (const some of sequences) {
          for (let s = some; s < some + 40; s += step) {
            if (window.check(frame(s)) !== "fresh") continue;
            window.commit(frame(s));
            accepted.add(s);
          }
        }
        const state = window.state();
        packReplay(packer, state);
        const packed = new Unpacker(packer.done());
        deepStrictEqual(unpackReplay(packed), state);
        packed.end();
        const restored = ReplayWindow.restore(state);
        for (let age = 0; age < REPLAY_WIDTH && age < state.highest; age++) {
          const late = frame(state.highest - age);
          strictEqual(restored.check(late) === "replayed", accepted.has(late.sequence));
        }
      },
    ),
    { seed: 6_479, numRuns: 40 },
  );
});
