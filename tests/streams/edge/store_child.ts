/** Killed at random moments by store_test.ts. Says what stands only after it stands. */
import { openStore } from "../../../streams/edge/store.ts";
import { keyFileOf } from "./head_end.ts";

const store = await openStore(Deno.args[0]!);
const file = keyFileOf("M1");
if (store.keys.get("M1") === undefined) store.keys.enrol(file);
// Every other start brings a new key: boots and sequences go on under it.
if (store.boot % 2 === 0) {
  store.keys.enrol({ ...file, generation: store.keys.get("M1")!.generation + 1 });
}
const say = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
const clock = { quality: 2, offset_ms: 0 } as const;
for (let i = 0; i < 100_000; i++) {
  const read_at_ms = store.boot * 1_000_000 + i;
  const register = { obis: "1-0:1.8.0", value: i, unit: "Wh", read_at_ms };
  store.outbox.put({ meter_id: "M1", read_at_ms, registers: [register] }, clock);
  say(`put ${read_at_ms}`);
  const { generation } = store.keys.get("M1")!;
  say(`sequence ${generation}/${store.boot}/${store.sequences.next("M1")}`);
  if (i % 3 === 0) {
    say(`deleting ${read_at_ms}`);
    store.outbox.delete([{ meter_id: "M1", read_at_ms }]);
  }
}
