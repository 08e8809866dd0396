/**
 * Killed at random moments by rekey_test.ts: seals, and switches to one generation after the other.
 * Says what stands only after it stands, and what it is about to do before.
 */
import { openStore } from "../../../streams/edge/store.ts";
import { keyFileOf } from "./head_end.ts";
import { commandFor } from "./rekeys.ts";

const store = await openStore(Deno.args[0]!);
const t_s = Number(Deno.args[1]);
if (store.keys.get("M1") === undefined) store.keys.enrol(keyFileOf("M1", 7, 0));
store.keys.advance(t_s);
const say = (text: string) => Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
say(`stands ${store.keys.get("M1")!.generation}`);
for (let generation = store.keys.get("M1")!.generation; generation < 255;) {
  for (let i = 0; i < 3; i++) {
    const { generation, keys } = store.keys.get("M1")!;
    const secret = [...keys.secondKey(t_s).subarray(0, 4)].join(".");
    say(`sealed ${generation}/${store.boot}/${store.sequences.next("M1")} ${secret}`);
  }
  generation++;
  say(`switching ${generation}`);
  const command = commandFor("M1", generation, t_s);
  if (store.keys.rekey(command) !== generation) throw new Error("not switched");
  if (store.keys.rekey(command) !== generation) throw new Error("switched twice");
  say(`stands ${generation}`);
}
