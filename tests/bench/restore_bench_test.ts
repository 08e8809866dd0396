import { ok, strictEqual } from "node:assert/strict";
import type { RestoreResult } from "./restore_bench.ts";

Deno.test("the bench of the restart restores every meter, and a meter is small on disk and in memory", async () => {
  const meters = 3_000;
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "--no-prompt", "--allow-all"],
      new URL("restore_bench.ts", import.meta.url).pathname,
      ...["--meters", String(meters), "--json"],
    ],
    stderr: "inherit",
  }).output();
  strictEqual(code, 0);
  const result = JSON.parse(new TextDecoder().decode(stdout)) as RestoreResult;
  strictEqual(result.meters, meters);
  // A chunk and a manifest for each of 64 partitions, after fifty more snapshots of one of them.
  strictEqual(result.again.messages, 128);
  ok(result.disk.snapshot_bytes_a_meter < 1_024, `${result.disk.snapshot_bytes_a_meter} bytes`);
  ok(result.memory.awake_bytes_a_meter > result.memory.heap_bytes_a_meter);
  ok(result.ready_s > result.restore.seconds + result.enrolments.seconds);
  ok(result.restore.seconds > 0 && result.enrolments.seconds > 0 && result.write.seconds > 0);
});
