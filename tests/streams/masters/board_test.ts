import assert from "node:assert/strict";
import { freshMeter } from "../../../actors/meter/state.ts";
import type { Bucket } from "../../../streams/jetstream/broker.ts";
import { Board } from "../../../streams/masters/board.ts";
import { type Log, silentLog } from "../../../streams/terminal/log.ts";

function boardOver(put: Bucket["put"], log: Log = silentLog) {
  return new Board({ put } as Bucket, "master-1", log);
}

const meter = (id: string, opened = 1) => ({ ...freshMeter(id), opened });

Deno.test("Board keeps a limited number of meters waiting, and shows the newest of each", async () => {
  const shown = new Map<string, { opened: number }>();
  const board = boardOver((key, value) => {
    shown.set(key, JSON.parse(new TextDecoder().decode(value)));
    return Promise.resolve(1);
  });
  for (let i = 0; i < 30_000; i++) board.changed(meter(`M${i}`));
  assert.equal(board.waiting, 20_000);
  board.changed(meter("M3", 7));
  await board.flush();
  assert.equal(board.waiting, 19_500);
  assert.equal(shown.get("M3")?.opened, 7);
});

Deno.test("Board tries on while the bucket is out of reach, and says so once", async () => {
  const warnings: string[] = [];
  const written: string[] = [];
  let reachable = false;
  const board = boardOver((_key, value) => {
    if (!reachable) return Promise.reject(new Error("out of reach"));
    written.push(JSON.parse(new TextDecoder().decode(value)).opened);
    return Promise.resolve(1);
  }, { ...silentLog, warn: (message) => void warnings.push(message) });
  board.changed(meter("M1"));
  const flushing = board.flush();
  board.changed(meter("M1", 2)); // Newer than the one that is just being written.
  await flushing;
  await board.flush();
  assert.equal(warnings.length, 1);
  reachable = true;
  await board.flush();
  assert.deepEqual([written, board.waiting], [[2], 0]);
});
