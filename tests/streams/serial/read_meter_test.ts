import assert from "node:assert/strict";
import { TerminalError } from "../../../protocol/errors.ts";
import { AnsweringLine } from "../../../protocol/iec62056/answer.ts";
import { dataBlock } from "../../../protocol/iec62056/block.ts";
import { bytesOf } from "../../../protocol/iec62056/characters.ts";
import { MeterReadError, readMeter } from "../../../streams/serial/read_meter.ts";
import { serveSoftwareMeters, type SoftwareMeter } from "../../../streams/serial/software_meter.ts";
import { capture } from "../../protocol/iec62056/given.ts";
import { openPty, type Pty, whyNoPty } from "./pty.ts";

const ignore = whyNoPty() !== null;
const registers = {
  consumerNumber: "170000000007",
  serialNumber: "SN7",
  energy_wh: 1_234_567,
  flags: 0,
  coverOpenings: 0,
  version: "T",
};
const softwareMeter = (i: number): SoftwareMeter => ({
  address: String(1_000 + i),
  serialNumber: `SN${i}`,
  consumerNumber: String(170_000_000_000 + i),
  energy_wh: (now_ms) => now_ms + i,
});

const failsWith = (reason: string, advice: RegExp) => (error: unknown) => {
  assert(error instanceof MeterReadError);
  assert.equal(error.reason, reason);
  assert.match(error.message, advice);
  assert.equal(error.message.includes("\n"), false);
  return true;
};

/** A meter of mode C on the far end of a pseudo-terminal. */
async function withMeter(data: Uint8Array, act: (pty: Pty) => Promise<void>): Promise<void> {
  const pty = openPty();
  const line = new AnsweringLine([{
    address: "7",
    identification: "SAm5SAMAY",
    registers: () => registers,
  }]);
  const timers = new Set<ReturnType<typeof setTimeout>>();
  pty.onBytes = (bytes) => {
    for (const { bytes: reply, after_ms } of line.take(bytes, performance.now())) {
      timers.add(setTimeout(() => pty.send(reply[0] === 2 ? data : reply), after_ms));
    }
  };
  try {
    await act(pty);
  } finally {
    timers.forEach(clearTimeout);
    await pty.unplug();
  }
}

Deno.test("readMeter() reads any of 200 software meters on one line, several readers at a time", async () => {
  const meters = Array.from({ length: 200 }, (_, i) => softwareMeter(i));
  const served = serveSoftwareMeters({ meters, now_ms: () => 5_000_000 });
  try {
    const readouts = await Promise.all(
      [0, 7, 42, 199].map((i) => readMeter({ line: served.line, address: String(1_000 + i) })),
    );
    assert.deepEqual(readouts.map(({ consumerNumber }) => consumerNumber), [
      "170000000000",
      "170000000007",
      "170000000042",
      "170000000199",
    ]);
    const energy = readouts[1]!.registers.find(({ obis }) => obis === "1-0:1.8.0")!;
    assert.deepEqual([energy.text, energy.unit, energy.value], ["005000.007", "kWh", 5_000.007]);
  } finally {
    await served.stop();
  }
});

Deno.test("serveSoftwareMeters() stops while a reader waits, and the reader says so", async () => {
  const served = serveSoftwareMeters({ meters: [softwareMeter(0)] });
  const reading = assert.rejects(
    readMeter({ line: served.line, address: "9" }),
    failsWith("line_closed", /unplugged/),
  );
  await new Promise((resolve) => setTimeout(resolve, 50));
  await served.stop();
  await reading;
  await assert.rejects(readMeter({ line: served.line }), failsWith("line_unavailable", /tcp:/));
});

Deno.test("readMeter() ends at once when its signal is aborted", async () => {
  const served = serveSoftwareMeters({ meters: [softwareMeter(0)] });
  try {
    const stop = new AbortController();
    const reading = readMeter({ line: served.line, address: "9" }, stop.signal);
    setTimeout(() => stop.abort(new Error("shutting down")), 30);
    const begun_ms = performance.now();
    await assert.rejects(reading, /shutting down/);
    assert(performance.now() - begun_ms < 1_000);
    await assert.rejects(readMeter({ line: served.line }, stop.signal), /shutting down/);
  } finally {
    await served.stop();
  }
});

Deno.test(
  { name: "readMeter() reads a meter over a real terminal", ignore },
  () =>
    withMeter(dataBlock(registers), async ({ path }) => {
      const readout = await readMeter({ line: path });
      assert.equal(readout.consumerNumber, "170000000007");
      assert.equal(readout.check, "bcc");
      const again = await readMeter({ line: path, address: "7", baud: 9_600, fixedBaud: true });
      assert.deepEqual(again.registers, readout.registers);
    }),
);

Deno.test({ name: "readMeter() says that the BCC is wrong and what to try", ignore }, () => {
  const wrong = dataBlock(registers).map((byte, i) => i === 20 ? byte ^ 1 : byte);
  return withMeter(
    wrong,
    ({ path }) => assert.rejects(readMeter({ line: path }), failsWith("wrong_bcc", /--framing/)),
  );
});

Deno.test(
  { name: "readMeter() says that the cable was pulled in the middle", ignore },
  () =>
    withMeter(dataBlock(registers).slice(0, 40), async (pty) => {
      const reading = assert.rejects(readMeter({ line: pty.path }), failsWith("cut_off", /middle/));
      await new Promise((resolve) => setTimeout(resolve, 700));
      await pty.unplug();
      await reading;
    }),
);

Deno.test({ name: "readMeter() listens to a telegram pushed in pieces", ignore }, async () => {
  const bytes = capture("dsmr/telegram_v5.txt") ?? bytesOf("/ABC5x\r\n1.8.0(1*kWh)\r\n!\r\n");
  const pty = openPty();
  try {
    const reading = readMeter({ line: pty.path, mode: "listen", timeout_ms: 5_000 });
    await new Promise((resolve) => setTimeout(resolve, 50));
    for (let at = 0; at < bytes.length; at += 100) {
      pty.send(bytes.subarray(at, at + 100));
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assert((await reading).registers.length > 0);
  } finally {
    await pty.unplug();
  }
});

Deno.test(
  { name: "readMeter() refuses a line that another reader has open", ignore },
  () =>
    withMeter(dataBlock(registers), async ({ path }) => {
      const first = readMeter({ line: path });
      await new Promise((resolve) => setTimeout(resolve, 20));
      await assert.rejects(
        readMeter({ line: path }),
        failsWith("line_unavailable", /another program/),
      );
      await first;
    }),
);

Deno.test("readMeter() says that there is no such line", async () => {
  await assert.rejects(
    readMeter({ line: "/dev/no-such-line" }),
    failsWith("line_unavailable", /plugged in/),
  );
  for (const line of ["tcp://", "tcp://host", "tcp://host:0", "tcp://host:99999"]) {
    await assert.rejects(readMeter({ line }), failsWith("line_unavailable", /tcp:\/\/host:port/));
  }
});

Deno.test("readMeter() reads a captured telegram from a file, raw or as JSON", async () => {
  const path = await Deno.makeTempFile();
  try {
    const telegram = "/ABC5x\r\n1.8.0(12.5*kWh)\r\n!\r\n";
    for (const text of [telegram, JSON.stringify([telegram.slice(0, 8), telegram.slice(8)])]) {
      await Deno.writeTextFile(path, text);
      assert.equal((await readMeter({ line: path })).registers[0]!.value, 12.5);
    }
    for (const bad of ["hello", telegram.slice(0, 20), "[1]", "[oops", ""]) {
      await Deno.writeTextFile(path, bad);
      await assert.rejects(readMeter({ line: path }), TerminalError, bad);
    }
  } finally {
    await Deno.remove(path);
  }
});
