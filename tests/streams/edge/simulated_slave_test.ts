import assert from "node:assert/strict";
import { decodePack } from "../../../protocol/senml.ts";
import { fromHex } from "../../../protocol/bytes.ts";
import { parseFrame } from "../../../protocol/tves/frame.ts";
import { HeadEndKeys } from "../../../protocol/tves/keys.ts";
import { openFrame } from "../../../protocol/tves/open.ts";
import type { Reading } from "../../../streams/edge/outbox.ts";
import { startLocalClock } from "../../../streams/time/local_clock.ts";
import { keyFileOf, until } from "./head_end.ts";
import { withSimulatedSlave } from "./simulated_slave.ts";

const FILE = keyFileOf("M1");
/** Half past twelve of the day after the enrolment. */
const T_MS = ((FILE.enrolment_day + 1) * 86_400 + 12.5 * 3_600) * 1_000;

/** What `frame` says, opened at the second in which it was sealed: one of the minute from `from_ms`. */
function opened(frame: Uint8Array, from_ms: number) {
  const { generation, enrolment_day } = FILE;
  const key = fromHex(FILE.key);
  const keys = new HeadEndKeys({ key, generation, enrolmentDay: enrolment_day, meterId: "M1" });
  const parsed = parseFrame(frame);
  assert.ok(parsed.ok);
  const from_s = Math.floor(from_ms / 1_000);
  const found = openFrame(parsed.frame, keys, Array.from({ length: 60 }, (_, i) => from_s + i));
  assert.ok(found.opened, `not sealed in the minute from ${from_ms}`);
  const pack = decodePack(found.plaintext)!;
  return { quality: parsed.frame.clockQuality, hint: parsed.frame.hint, t_s: found.t_s, pack };
}

Deno.test("startSlave() without any time source reads, keeps, seals nothing, and says why in its reports", async () => {
  await withSimulatedSlave(async ({ sync, broker, slave }) => {
    sync.refuse(100, "ntp1");
    await until("readings are kept", () => slave.status().outbox >= 2);
    await until("a heartbeat", () => broker.reports.length >= 3);
    assert.deepEqual(broker.frames, []);
    const { clock, notices } = broker.reports.at(-1)!;
    assert.equal(clock.quality, 0);
    assert.equal(
      clock.reason,
      "no time server has given a good answer yet; ntp1: step of 100 s refused",
    );
    assert.ok(clock.unsynchronised_s! > 0.5);
    assert.equal(notices, undefined, "a notice is told once");
    const told = broker.reports.flatMap(({ notices = [] }) => notices);
    assert.deepEqual(told.map(({ kind }) => kind), ["clock_step_refused"]);
  });
});

Deno.test("startSlave() on a machine in 1970: no frame has a time of then, each is sealed with its own second", async () => {
  const clock = startLocalClock(5_000);
  await withSimulatedSlave(
    async ({ sync, broker, slave }) => {
      await until("readings are kept", () => slave.status().outbox >= 3);
      const kept = slave.status().outbox;
      sync.adopt(T_MS);
      await until("the backlog goes out", () => broker.frames.length >= kept);
      for (const frame of broker.frames) {
        const { pack, t_s } = opened(frame, T_MS);
        assert.equal(Math.floor(pack.sealedAt_ms / 1_000), t_s);
        const age_ms = T_MS - pack.registers[0]!.read_at_ms;
        assert.ok(age_ms < 20_000, `read ${age_ms} ms before the clock was known`);
      }
      const moments = broker.frames.map((frame) =>
        opened(frame, T_MS).pack.registers[0]!.read_at_ms
      );
      assert.deepEqual(moments.slice(0, kept), moments.slice(0, kept).toSorted((a, b) => a - b));
    },
    {},
    { clock },
  );
});

Deno.test("startSlave() seals with the quality of the moment, stops when the clock lapses, and goes on", async () => {
  await withSimulatedSlave(async ({ sync, broker, slave }) => {
    let from = 0;
    for (const quality of [3, 2, 1] as const) {
      sync.adopt(T_MS, quality);
      await until(`a frame of quality ${quality}`, () => broker.frames.length > from);
      assert.equal(opened(broker.frames.at(-1)!, T_MS).quality, quality);
      from = broker.frames.length;
    }
    sync.lapse();
    await until(
      "the slave tells of it",
      () =>
        broker.reports.some(({ clock, notices }) =>
          clock.reason === "the last good answer is too old" &&
          notices?.[0]?.kind === "clock_unsynchronised"
        ),
    );
    from = broker.frames.length;
    const waiting = slave.status().outbox;
    await until("more is read", () => slave.status().outbox > waiting);
    assert.equal(broker.frames.length, from, "nothing is sealed");
    const hours_ms = 7 * 3_600_000;
    sync.adopt(T_MS + hours_ms);
    await until("it goes on", () => broker.frames.length > from);
    const { clock } = broker.reports.at(-1)!;
    assert.deepEqual([clock.reason, clock.unsynchronised_s], [null, null]);
  });
});

Deno.test("startSlave() whose machine slept unnoticed: what was read meanwhile gets its right time", async () => {
  const read: number[] = [];
  const observer = { read: (_: unknown, { read_at_ms }: Reading) => void read.push(read_at_ms) };
  await withSimulatedSlave(
    async ({ sync, broker }) => {
      sync.adopt(T_MS);
      await until("it works", () => read.length > 0 && broker.frames.length > 0);
      const sleep_ms = 8 * 3_600_000;
      sync.refuse(sleep_ms / 1_000);
      const before = read.length;
      await until("it reads by the clock that is wrong", () => read.length > before);
      const wrong_ms = read[before]!;
      sync.lapse();
      const from = broker.frames.length;
      sync.adopt(T_MS + sleep_ms);
      const moments = () =>
        broker.frames.slice(from).map((frame) =>
          opened(frame, T_MS + sleep_ms).pack.registers[0]!.read_at_ms
        );
      await until("what was read before the sleep goes out", () => moments().includes(read[0]!));
      // `adopt` sets the clock to T + 8 h, whatever passed since T: by some seconds less than the sleep.
      const isRight = (moment_ms: number) => Math.abs(moment_ms - wrong_ms - sleep_ms) < 10_000;
      assert.ok(moments().some(isRight), "its time was put right");
      assert.ok(!moments().includes(wrong_ms), "and it does not go out with the wrong one");
    },
    {},
    { observer },
  );
});

Deno.test("startSlave() tells the second's last byte when its configuration says hint", async () => {
  for (const hint of [false, true]) {
    await withSimulatedSlave(async ({ sync, broker }) => {
      sync.adopt(T_MS);
      await until("a frame", () => broker.frames.length > 0);
      const frame = opened(broker.frames[0]!, T_MS);
      assert.equal(frame.hint, hint ? frame.t_s % 256 : undefined);
    }, hint ? { hint } : {});
  }
});
