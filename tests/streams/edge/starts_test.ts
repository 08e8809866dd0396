import assert from "node:assert/strict";
import { openStore, type Store } from "../../../streams/edge/store.ts";
import { inFolder } from "./head_end.ts";

/** What a machine without a clock of its own begins with after every power cut. */
const SAVED_MS = Date.UTC(2026, 9, 31, 10);

/** One start of the slave on the data in `folder`: `body` sees it while it runs. */
async function start<T>(folder: string, body: (store: Store) => T): Promise<T> {
  const store = await openStore(folder);
  try {
    return body(store);
  } finally {
    store.close();
  }
}

/** The clocks of the machine `uptime_s` after it was switched on. */
const at = (uptime_s: number) => [SAVED_MS + uptime_s * 1_000, uptime_s] as const;

function readAt(store: Store, uptime_s: number): void {
  const read_at_ms = SAVED_MS + uptime_s * 1_000;
  const registers = [{ obis: "1-0:1.8.0", value: 5, unit: "Wh", read_at_ms }];
  store.outbox.put({ meter_id: "M1", read_at_ms, registers }, { quality: 0, offset_ms: 0 });
}

Deno.test("Starts.isComparable() goes from start to start while the machine runs on", async () => {
  await inFolder(async (folder) => {
    await start(folder, ({ starts }) => starts.note(...at(30)));
    await start(folder, ({ starts }) => starts.note(...at(4_000)));
    await start(folder, ({ starts, boot }) => {
      starts.note(SAVED_MS + 9_001_000, 9_000);
      assert.ok([1, 2, 3].every((each) => starts.isComparable(each)));
      assert.equal(boot, 3);
    });
  });
});

Deno.test("Starts.isComparable() knows a new run that began like the last one: by what was read in it", async () => {
  await inFolder(async (folder) => {
    await start(folder, (store) => {
      store.starts.note(...at(30));
      readAt(store, 900);
    });
    await start(folder, ({ starts }) => {
      starts.note(...at(31)); // 30 h later; the service starts as quickly as before.
      assert.ok(!starts.isComparable(1));
    });
  });
});

Deno.test("Starts.isComparable() knows a new run by how far the last one was seen to come", async () => {
  await inFolder(async (folder) => {
    await start(folder, ({ starts }) => {
      starts.note(...at(30));
      starts.seen(...at(690));
    });
    await start(folder, ({ starts }) => {
      starts.note(...at(600)); // Started by hand, late.
      assert.ok(!starts.isComparable(1));
    });
  });
});

Deno.test("Starts.isComparable() does not forget a new run at a later start of it", async () => {
  await inFolder(async (folder) => {
    await start(folder, (store) => {
      store.starts.note(...at(30));
      readAt(store, 100);
    });
    await start(folder, ({ starts }) => starts.note(...at(30)));
    await start(folder, ({ starts }) => {
      starts.note(...at(5_000)); // The service was restarted: later than all of the first run.
      assert.ok(starts.isComparable(2));
      assert.ok(!starts.isComparable(1));
    });
  });
});

Deno.test("Starts.isComparable() does not believe a system's clock that was set, nor without the uptime", async () => {
  await inFolder(async (folder) => {
    await start(folder, ({ starts }) => starts.note(...at(30)));
    await start(folder, ({ starts }) => {
      starts.note(SAVED_MS + 3_600_000, 60);
      assert.ok(!starts.isComparable(1));
    });
    await start(folder, ({ starts }) => starts.note(SAVED_MS + 3_660_000, undefined));
    await start(folder, ({ starts, boot }) => {
      starts.note(SAVED_MS + 3_720_000, 180);
      assert.deepEqual([1, 2, 3, 4].map((each) => starts.isComparable(each)), [
        ...[false, false, false],
        true,
      ]);
      assert.ok(!starts.isComparable(boot + 1));
    });
  });
});
