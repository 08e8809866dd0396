import assert from "node:assert/strict";
import { MeterLines } from "../../../streams/edge/meter_lines.ts";
import type { Readout } from "../../../protocol/iec62056/readout.ts";

const readout: Readout = {
  identification: "/X",
  consumerNumber: null,
  registers: [],
  check: "bcc",
};

/** Reads that take 5 ms and count how many run at once, on each line and in all. */
function countingReader() {
  const now = new Map<string, number>();
  const most = { line: 0, all: 0, reads: 0 };
  return {
    most,
    async read({ line }: { line: string }) {
      now.set(line, (now.get(line) ?? 0) + 1);
      most.reads++;
      most.line = Math.max(most.line, now.get(line)!);
      most.all = Math.max(most.all, [...now.values()].reduce((a, b) => a + b, 0));
      await new Promise((done) => setTimeout(done, 5));
      now.set(line, now.get(line)! - 1);
      if (line === "bad") throw new Error("silent");
      return readout;
    },
  };
}

Deno.test("MeterLines reads one meter at a time on a line and a limited number of lines", async () => {
  const { most, read } = countingReader();
  const lines = new MeterLines(3, new AbortController().signal, read);
  const meters = Array.from(
    { length: 24 },
    (_, i) => ({ meter_id: `M${i}`, line: `L${Math.floor(i / 4)}` }),
  );
  await Promise.all(meters.map((meter) => lines.read(meter)));
  assert.deepEqual(most, { line: 1, all: 3, reads: 24 });
});

Deno.test("MeterLines goes on with the next meter of a line when one does not answer", async () => {
  const { most, read } = countingReader();
  const lines = new MeterLines(1, new AbortController().signal, read);
  const results = await Promise.allSettled([
    lines.read({ meter_id: "A", line: "bad" }),
    lines.read({ meter_id: "B", line: "bad" }),
    lines.read({ meter_id: "C", line: "good" }),
  ]);
  assert.deepEqual(results.map(({ status }) => status), ["rejected", "rejected", "fulfilled"]);
  assert.equal(most.all, 1);
});

Deno.test("MeterLines starts nothing more once it is stopped", async () => {
  const { most, read } = countingReader();
  const stopping = new AbortController();
  const lines = new MeterLines(1, stopping.signal, read);
  const first = lines.read({ meter_id: "A", line: "L" });
  const second = lines.read({ meter_id: "B", line: "L" });
  second.catch(() => "looked at below");
  await new Promise((done) => setTimeout(done, 1));
  stopping.abort(new Error("stopped"));
  await first;
  await assert.rejects(second, /stopped/);
  assert.equal(most.reads, 1);
});
