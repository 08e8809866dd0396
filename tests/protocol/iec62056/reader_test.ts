import assert from "node:assert/strict";
import fc from "fast-check";
import { concat } from "../../../protocol/bytes.ts";
import { bytesOf } from "../../../protocol/iec62056/characters.ts";
import type { ReaderOptions } from "../../../protocol/iec62056/machine.ts";
import { MeterReader } from "../../../protocol/iec62056/reader.ts";
import { block, E350_LINES } from "./given.ts";
import { converse, defaults, type Meter } from "./world.ts";

const DATA = block(...E350_LINES);
const ACK_9600 = "\x06050\r\n";

const read = (meter: Meter, options: Partial<ReaderOptions> = {}) =>
  converse(new MeterReader({ ...defaults, ...options }), meter);

/** A meter of mode C: `/?!` is answered with `identification`, an acknowledgement with `data`. */
const modeC = (identification = "/ELS5\\@V9.30 ", data = DATA): Meter => (sent) => {
  if (sent.startsWith("/?")) return [{ after_ms: 500, bytes: bytesOf(`${identification}\r\n`) }];
  if (sent.startsWith("\x06")) return [{ after_ms: 600, bytes: data }];
  return [];
};

const reasonOf = (meter: Meter, options: Partial<ReaderOptions> = {}) =>
  read(meter, options).failure?.reason;

Deno.test("MeterReader reads mode C with the standard's times when the meter proposes 9600 baud", () => {
  const { readout, log } = read(modeC());
  assert.equal(readout?.identification, "/ELS5\\@V9.30 ");
  assert.equal(readout?.check, "bcc");
  assert.deepEqual(log, [
    [0, "/?!\r\n"],
    [700, ACK_9600], // 200 ms after the identification
    // Six characters of ten bits at 300 baud, whatever the driver says, and a quarter of 200 ms.
    [950, "9600 baud"],
  ]);
});

Deno.test("MeterReader acknowledges after 20 ms when the third letter is small", () => {
  assert.deepEqual(read(modeC("/SAm5x")).log[1], [520, ACK_9600]);
});

Deno.test("MeterReader waits settle_ms more before it changes the speed", () => {
  assert.deepEqual(read(modeC(), { settle_ms: 150 }).log[2], [1_100, "9600 baud"]);
});

Deno.test("MeterReader keeps the line's speed when told so", () => {
  assert.deepEqual(read(modeC(), { fixedBaud: true }).log, [[0, "/?!\r\n"], [700, ACK_9600]]);
  const stay = read(modeC(), { ignoreProposedBaud: true });
  assert.deepEqual(stay.log, [[0, "/?!\r\n"], [700, "\x06000\r\n"]]);
  assert(stay.readout);
});

Deno.test("MeterReader answers mode E with the plain acknowledgement and reads mode C", () => {
  const { readout, log } = read(modeC("/ACE0\\3k260V01.18"));
  assert.deepEqual(log[1], [700, "\x06000\r\n"]);
  assert.equal(log.length, 2);
  assert(readout);
});

Deno.test("MeterReader does not acknowledge modes A and B and follows the speed of B at once", () => {
  const pushing = (identification: string): Meter => () => [
    { after_ms: 500, bytes: bytesOf(`${identification}\r\n`) },
    { after_ms: 1_200, bytes: DATA },
  ];
  const a = read(pushing("/ABC meter"));
  assert(a.readout);
  assert.deepEqual(a.log, [[0, "/?!\r\n"]]);
  const b = read(pushing("/ABCDmeter"));
  assert(b.readout);
  assert.deepEqual(b.log, [[0, "/?!\r\n"], [500, "4800 baud"]]);
});

Deno.test("MeterReader reads a meter that sends without waiting for the acknowledgement", () => {
  const bytes = concat(bytesOf("/ELS5x\r\n"), DATA);
  const { readout, log } = read(() => [{ after_ms: 300, bytes }]);
  assert(readout);
  assert.equal(log.length, 1);
  const slowly = read(() => [
    { after_ms: 300, bytes: bytes.subarray(0, 40) },
    { after_ms: 1_500, bytes: bytes.subarray(40) },
  ]);
  assert(slowly.readout);
  assert.equal(slowly.log.length, 1);
});

Deno.test("MeterReader does not change the speed when the data can already be read", () => {
  const early: Meter = (sent) =>
    sent.startsWith("/?")
      ? [{ after_ms: 100, bytes: bytesOf("/ELS5x\r\n") }]
      : [{ after_ms: 0, bytes: DATA.subarray(0, 20) }, { after_ms: 900, bytes: DATA.subarray(20) }];
  const { readout, log } = read(early);
  assert(readout);
  assert.equal(log.some(([, what]) => what.endsWith("baud")), false);
});

Deno.test("MeterReader takes the parity bit off with 7E1", () => {
  const even = (bytes: Uint8Array) =>
    bytes.map((byte) => {
      let ones = 0;
      for (let bits = byte; bits; bits >>= 1) ones += bits & 1;
      return ones % 2 ? byte | 0x80 : byte;
    });
  const meter: Meter = (sent, now) =>
    modeC()(sent, now).map((reply) => ({ ...reply, bytes: even(reply.bytes) }));
  assert(read(meter).readout);
  assert.equal(read(meter, { framing: "8N1" }).failure?.reason, "garbage");
});

Deno.test("MeterReader gives the same readout however the bytes are split", () => {
  const whole = read(modeC()).readout;
  fc.assert(fc.property(fc.integer({ min: 1, max: 40 }), (size) => {
    const split: Meter = (sent, now) =>
      modeC()(sent, now).flatMap(({ after_ms, bytes }) =>
        Array.from({ length: Math.ceil(bytes.length / size) }, (_, i) => ({
          after_ms: after_ms + i,
          bytes: bytes.slice(i * size, (i + 1) * size),
        }))
      );
    assert.deepEqual(read(split).readout, whole);
  }));
});

Deno.test("MeterReader sends the address and the wake-up message", () => {
  assert.equal(read(modeC(), { address: "00123" }).log[0]![1], "/?00123!\r\n");
  const { log } = read(modeC(), { wakeUp: true });
  assert.deepEqual(log[0], [0, "\0".repeat(66)]);
  assert.deepEqual(log[1], [3_800, "/?!\r\n"]); // 2.2 s of NUL and 1.6 s of silence
  assert.throws(() => new MeterReader({ ...defaults, address: "1!2" }), RangeError);
});

Deno.test("MeterReader asks three times, then calls the meter silent", () => {
  const { failure, log, ended_ms } = read(() => []);
  assert.equal(failure?.reason, "silent");
  assert.match(failure!.message, /^[^\n]*--address[^\n]*--baud[^\n]*--listen[^\n]*$/);
  assert.equal(log.length, 3);
  assert(ended_ms < 7_000);
  // An optical head that gives our own request back is no meter.
  const echo: Meter = (sent) => [{ after_ms: 10, bytes: bytesOf(sent) }];
  assert.equal(reasonOf(echo), "silent");
});

Deno.test("MeterReader answers on the second request when the first was lost", () => {
  let requests = 0;
  const deaf: Meter = (sent, now) => sent === "/?!\r\n" && ++requests < 2 ? [] : modeC()(sent, now);
  assert(read(deaf).readout);
});

Deno.test("MeterReader names what went wrong", () => {
  const wrong = DATA.slice();
  wrong[30]! ^= 1;
  assert.equal(reasonOf(modeC("/ELS5x", wrong)), "wrong_bcc");
  assert.equal(reasonOf(modeC("/ELS5x", DATA.slice(0, 50))), "cut_off");
  assert.equal(reasonOf(modeC("/ELS5x", new Uint8Array())), "no_data");
  assert.equal(reasonOf(modeC("/ELS5x", new Uint8Array(80).fill(0x7e))), "garbage");
  assert.equal(
    reasonOf(modeC("/ELS5x", bytesOf("\x02" + "1.8.0(1)\r\n".repeat(9_000)))),
    "too_long",
  );
  assert.equal(
    reasonOf(() => [{ after_ms: 100, bytes: new Uint8Array(40).fill(0x55) }]),
    "garbage",
  );
});

Deno.test("MeterReader finds the meter behind noise and half a telegram", () => {
  const noisy: Meter = (sent, now) =>
    modeC()(sent, now).map(({ after_ms, bytes }) => ({
      after_ms,
      bytes: concat(bytesOf("\xff\x80x/EL"), bytes),
    }));
  assert.equal(read(noisy).readout?.registers.length, 5);
});

Deno.test("MeterReader ends in time when a meter sends without end, slowly", () => {
  const endless: Meter = (sent) =>
    sent.startsWith("\x06")
      ? Array.from({ length: 2_000 }, (_, i) => ({
        after_ms: 500 + 1_000 * i,
        bytes: bytesOf(i ? "1.8.0(1)\r\n" : "\x02"),
      }))
      : modeC()(sent, 0);
  const { failure, ended_ms } = read(endless, { timeout_ms: 30_000 });
  assert.equal(failure?.reason, "timed_out");
  assert.equal(ended_ms, 30_000);
});

Deno.test("MeterReader says that the line was closed when it was", () => {
  const closed = converse(new MeterReader(defaults), modeC(), [], 600);
  assert.equal(closed.failure?.reason, "line_closed");
  const half: Meter = modeC("/ELS5x", DATA.slice(0, 50));
  assert.equal(converse(new MeterReader(defaults), half, [], 1_400).failure?.reason, "cut_off");
});
