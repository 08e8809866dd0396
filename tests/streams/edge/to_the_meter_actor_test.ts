import assert from "node:assert/strict";
import { meterActor } from "../../../actors/meter/meter.ts";
import { freshMeter } from "../../../actors/meter/state.ts";
import type { FindMeter } from "../../../actors/shard/actor.ts";
import { outputsOf } from "../../../actors/shard/outputs.ts";
import { fromHex } from "../../../protocol/bytes.ts";
import { parseFrame } from "../../../protocol/tves/frame.ts";
import { HeadEndKeys } from "../../../protocol/tves/keys.ts";
import { sealReading } from "../../../streams/edge/sender.ts";
import { openStore, type Store } from "../../../streams/edge/store.ts";
import { inFolder, keyFileOf, SLAVE_ID } from "./head_end.ts";

const FILE = keyFileOf("M1");
const T_MS = (FILE.enrolment_day * 86_400 + 12 * 3_600) * 1_000;

/** The head-end's side of meter M1. */
class HeadEnd {
  readonly state = freshMeter("M1");
  readonly #keys = new HeadEndKeys({
    key: fromHex(FILE.key),
    generation: FILE.generation,
    enrolmentDay: FILE.enrolment_day,
    meterId: "M1",
  });
  #sequence = 0;

  take(payload: Uint8Array, arrival_ms: number) {
    const input = { sequence: ++this.#sequence, id: "M1", payload, arrival_ms };
    const event = meterActor.receive(this.state, input, this.#find);
    meterActor.apply(this.state, event);
    return event;
  }

  readonly #find: FindMeter = (alias) => {
    if (alias !== FILE.alias) return undefined;
    const keysOf = (generation: number) => generation === 1 ? this.#keys : undefined;
    return { meterId: "M1", slaveId: SLAVE_ID, generations: [1], keysOf };
  };
}

function seal(store: Store, at_ms: number, hint?: boolean): Uint8Array {
  const register = { obis: "1-0:1.8.0", value: 5, unit: "Wh", read_at_ms: at_ms - 50 };
  const reading = { meter_id: "M1", read_at_ms: at_ms - 50, registers: [register] };
  return sealReading(store, reading, at_ms, 2, hint).frame;
}

async function storeIn(folder: string): Promise<Store> {
  const store = await openStore(folder);
  if (store.keys.get("M1") === undefined) store.keys.enrol(FILE);
  return store;
}

Deno.test("sealReading() with HINT: the meter actor needs one trial however late the frame is, blind it searches", async () => {
  await inFolder(async (folder) => {
    const store = await storeIn(folder);
    const late_ms = T_MS + 8_000;
    const blind = new HeadEnd().take(seal(store, T_MS), late_ms);
    assert.ok(blind.event === "reading" && blind.trials > 5);
    const hinted = seal(store, T_MS, true);
    const parsed = parseFrame(hinted);
    assert.equal(parsed.ok && parsed.frame.hint, (T_MS / 1_000) % 256);
    const event = new HeadEnd().take(hinted, late_ms);
    assert.ok(event.event === "reading" && event.trials === 1, JSON.stringify(event));
    store.close();
  });
});

Deno.test("a data directory that is put back from a copy: its frames are refused, and operators hear of it", async () => {
  await inFolder(async (folder) => {
    const headEnd = new HeadEnd();
    const [data, copy] = [`${folder}/data`, `${folder}/copy`];
    (await storeIn(data)).close();
    await Deno.mkdir(copy);
    await Deno.copyFile(`${data}/slave.db`, `${copy}/slave.db`);
    for (let boot = 2; boot <= 4; boot++) {
      const store = await storeIn(data);
      assert.equal(store.boot, boot);
      assert.equal(headEnd.take(seal(store, T_MS + boot * 1_000), T_MS).event, "reading");
      store.close();
    }
    const restored = await storeIn(copy);
    assert.equal(restored.boot, 2, "it counts a boot that was there before");
    const event = headEnd.take(seal(restored, T_MS + 9_000), T_MS + 9_000);
    assert.ok(event.event === "reject" && event.reason === "too_old");
    const record = {
      v: 1 as const,
      type: "batch" as const,
      partition: 0,
      epoch: 1,
      owner: "a",
      cursor: 1,
      events: [event],
    };
    const { events, confirmations } = outputsOf(record, 1, () => SLAVE_ID);
    assert.equal(events[0]!.subject, "samay.event.warning.too_old.M1");
    assert.equal(confirmations[0]!.body.refused[0]!.reason, "too_old", "and so does the slave");
    // A key of a new generation, for which boots count afresh, is the way out where no copy is newer.
    restored.close();
  });
});
