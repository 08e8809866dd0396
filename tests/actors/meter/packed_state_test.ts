import assert from "node:assert/strict";
import { meterActor } from "../../../actors/meter/meter.ts";
import { decodeMeter, encodeMeter } from "../../../actors/meter/state.ts";
import { TerminalError } from "../../../protocol/errors.ts";
import { fromHex, toHex } from "../../../protocol/bytes.ts";

/** A meter in the day of a re-key, as snapshots of version 2 have it. */
const VERSION_2 = {
  clock: {
    offset_s: -0.047213,
    drift_ppm: 12.345678,
    variance_s2: 0.000123456,
    covariance_s_ppm: -0.001234,
    drift_variance_ppm2: 4.5,
    jitter_s2: 0.0025000000000000005,
    sampled_at_ms: 1_800_000_123_456,
    samples: 2_345,
    apart: { offset_s: -7.5, at_ms: 1_800_000_999_000 },
  },
  replay: {
    ...{ generation: 2, boot: 3, highest: 4_294_967_295, highest_t_s: 1_800_000_123 },
    seen: [100, 1, 399, 2, 1_546],
    first_t_s: 1_799_990_000,
    // The form of many gaps, with zeros at its end as they were written once.
    previous: {
      ...{ generation: 1, boot: 7, highest: 9_000, highest_t_s: 1_799_989_999 },
      seen: "aa".repeat(40) + "00".repeat(216),
    },
  },
  last: {
    frame: 123_456_789,
    t_s: 1_800_000_123,
    arrival_ms: 1_800_000_123_456,
    read_at_ms: 1_800_000_100_000,
    values: { "1-0:1.8.0": 12_345_678, "1-0:2.8.0": -3 },
  },
  opened: 11_000,
  trials: 11_250,
  rejected: { tag_mismatch: 3, replayed: 1 },
};

/** The same, packed: what version 3 is for as long as there is a version 3. */
const VERSION_3 =
  "bfa82c4d65e460674028b0fcb4f1e4b43f202e7ef70994ddbf5437c5692b3cc54012000000000000" +
  "3f647ae147ae147c80c9f185e368a91201c01e00000000000098b9dc86e368030304ffffffff0ffb" +
  "a4a7da060a64018f03028a0cf0d5a6da060208a846efd5a6da0651aaaaaaaaaaaaaaaaaaaaaaaaaa" +
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa0395b4de75bbc9ceb40d80c9f1" +
  "85e368a0daee85e36809312d303a312e382e308e85e30b09312d303a322e382e3043f855f257020c" +
  "7461675f6d69736d6174636803087265706c6179656401";

Deno.test("a snapshot of version 2 is read, and is the same meter when packed", () => {
  assert.deepEqual([meterActor.version, meterActor.reads], [3, [1, 2]]);
  const { previous } = VERSION_2.replay;
  const read = decodeMeter("M1", VERSION_2, 2);
  assert.deepEqual([read.clock, read.last], [VERSION_2.clock, VERSION_2.last]);
  assert.deepEqual([read.opened, read.trials, read.rejected], [
    ...[11_000, 11_250],
    VERSION_2.rejected,
  ]);
  assert.deepEqual(read.replay.state(), {
    ...VERSION_2.replay,
    previous: { ...previous, seen: "aa".repeat(40) },
  });
  const packed = encodeMeter(read);
  assert.deepEqual(decodeMeter("M1", packed, 3), read);
  assert.equal(encodeMeter(decodeMeter("M1", packed, 3)), packed);
  assert.equal(toHex(Uint8Array.from(packed, (each) => each.charCodeAt(0))), VERSION_3);
});

Deno.test("a packed state that is cut off, changed or longer than it is names its meter", () => {
  const packed = String.fromCharCode(...fromHex(VERSION_3));
  for (let length = 0; length < packed.length; length++) {
    assert.throws(() => decodeMeter("M1", packed.slice(0, length)), (error: Error) => {
      return error instanceof TerminalError && error.message.startsWith("Snapshot of meter M1: ");
    });
  }
  assert.throws(() => decodeMeter("M1", `${packed}\0`), TerminalError);
  assert.throws(() => decodeMeter("M1", packed.replace("replayed", "repleyed")), /repleyed/);
  const noVariance = packed.slice(0, 16) + "\0".repeat(8) + packed.slice(24);
  assert.throws(() => decodeMeter("M1", noVariance), /variance/);
});
