import assert from "node:assert/strict";
import { openLine } from "../../../streams/serial/line.ts";
import { readMeter } from "../../../streams/serial/read_meter.ts";
import { serveSoftwareMeters } from "../../../streams/serial/software_meter.ts";
import { openPty, whyNoPty } from "./pty.ts";

const ignore = whyNoPty() !== null;
const settings = { baud: 9_600, framing: "8N1" } as const;
const meter = { address: "1", serialNumber: "1", consumerNumber: "1", energy_wh: () => 0 };

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test({
  name: "openLine() loses nothing when its reader is slow, and gives null once closed",
  ignore,
}, async () => {
  const pty = openPty();
  try {
    const line = await openLine(pty.path, settings);
    const sent = Uint8Array.from({ length: 60_000 }, (_, i) => i % 251);
    for (let at = 0; at < sent.length; at += 500) {
      assert.equal(pty.send(sent.subarray(at, at + 500)), 500);
      await pause(1);
    }
    await pause(50);
    const got: number[] = [];
    while (got.length < sent.length) got.push(...(await line.read())!);
    assert.deepEqual(Uint8Array.from(got), sent);
    const waiting = line.read();
    await line.close();
    await line.close();
    assert.equal(await waiting, null);
    assert.equal(await line.read(), null);
  } finally {
    await pty.unplug();
  }
});

Deno.test(
  { name: "openLine() holds no more than its limit when nobody reads", ignore },
  async () => {
    const pty = openPty();
    try {
      const line = await openLine(pty.path, settings);
      const chunk = new Uint8Array(1_000).fill(0x55);
      let taken_bytes = 0;
      for (let i = 0; i < 2_000; i++) {
        taken_bytes += Math.max(0, pty.send(chunk));
        if (i % 10 === 0) await pause(0);
      }
      // 16 KiB here, two stream buffers of 64 KiB, and what the terminal itself holds.
      assert(taken_bytes < 300_000, `${taken_bytes} bytes were taken`);
      await line.close();
    } finally {
      await pty.unplug();
    }
  },
);

Deno.test("serveSoftwareMeters() turns readers away beyond 64 at a time", async () => {
  const served = serveSoftwareMeters({ meters: [meter] });
  const lines = await Promise.all(
    Array.from({ length: 64 }, () => openLine(served.line, settings)),
  );
  try {
    await pause(50);
    await assert.rejects(readMeter({ line: served.line }), /closed or unplugged/);
    await lines.pop()!.close();
    await pause(50);
    assert.equal((await readMeter({ line: served.line })).consumerNumber, "1");
  } finally {
    await Promise.all(lines.map((line) => line.close()));
    await served.stop();
  }
});

Deno.test("serveSoftwareMeters() refuses meters with one address before it opens a port", () => {
  assert.throws(() => serveSoftwareMeters({ meters: [meter, meter] }), /Two meters/);
});

Deno.test("readMeter() refuses a file that is too long for a telegram", async () => {
  const path = await Deno.makeTempFile();
  try {
    await Deno.writeFile(path, new Uint8Array(1_048_577));
    await assert.rejects(readMeter({ line: path }), /too long/);
  } finally {
    await Deno.remove(path);
  }
});
