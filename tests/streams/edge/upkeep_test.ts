import assert from "node:assert/strict";
import { openStore } from "../../../streams/edge/store.ts";
import { Upkeep } from "../../../streams/edge/upkeep.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { inFolder, keyFileOf } from "./head_end.ts";

const FILE = keyFileOf("M1");
const HOUR_MS = 3_600_000;
const NOON_MS = FILE.enrolment_day * 86_400_000 + 12 * HOUR_MS;

Deno.test("Upkeep notes now and then that the machine runs on, while the time is not known", () => {
  let noted = 0;
  const keys = { erasePrevious: () => {}, advance: () => [] };
  const upkeep = new Upkeep({ keys } as never, silentLog, () => void noted++);
  for (let second = 0; second < 600; second++) {
    upkeep.tick({ at_ms: 0, monotonic_s: second, quality: 0 });
  }
  assert.equal(noted, 9);
  upkeep.tick({ at_ms: NOON_MS, monotonic_s: 9_000, quality: 2 });
  assert.equal(noted, 9, "a known clock needs no such notes");
});

Deno.test("Upkeep says once that the store fails, and tries again", () => {
  const said: unknown[] = [];
  let fails = true;
  const keys = {
    erasePrevious: () => {
      if (fails) throw new Error("disk full");
    },
  };
  const log = { ...silentLog, error: (_: string, fields?: object) => void said.push(fields) };
  let noted = 0;
  const upkeep = new Upkeep({ keys } as never, log, () => void noted++);
  for (let i = 0; i < 5; i++) upkeep.tick({ at_ms: 0, monotonic_s: 60 + i, quality: 0 });
  assert.deepEqual(said, [{ reason: "the store failed: disk full" }]);
  fails = false;
  upkeep.tick({ at_ms: 0, monotonic_s: 66, quality: 0 });
  assert.equal(noted, 1);
});

Deno.test("Upkeep erases the previous hour's key when the time is lost", async () => {
  await inFolder(async (folder) => {
    const store = await openStore(folder);
    store.keys.enrol(FILE);
    const upkeep = new Upkeep(store, silentLog, () => {});
    const previous = () => store.keys.get("M1")!.keys.state().previous_hour_key;
    upkeep.tick({ at_ms: NOON_MS - 5_000, monotonic_s: 1, quality: 2 });
    upkeep.tick({ at_ms: NOON_MS + 5_000, monotonic_s: 11, quality: 2 });
    assert.notEqual(previous(), null);
    upkeep.tick({ at_ms: NOON_MS + 6_000, monotonic_s: 12, quality: 0 });
    assert.equal(previous(), null);
    store.close();
  });
});
