import assert from "node:assert/strict";
import { runTurns } from "../../../streams/database/turns.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { eventually } from "../../support/eventually.ts";

const NEVER_MS = 1e8;

Deno.test("runTurns() goes on at once while more waits, and pauses then until it is nudged", async () => {
  let [turns, waiting] = [0, 3];
  const running = runTurns({
    what: "test",
    log: silentLog,
    turn: () => {
      turns += 1;
      return Promise.resolve(--waiting > 0 ? 0 : NEVER_MS);
    },
  });
  await eventually(() => assert.equal(turns, 3));
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(turns, 3, "nothing more waits");
  running.nudge();
  await eventually(() => assert.equal(turns, 4));
  await running.stop();
  assert.equal(turns, 4);
});

Deno.test("runTurns() tries again what failed, says it once, and stops after the turn in hand", async () => {
  const said: string[] = [];
  const keep = (message: string) => void said.push(message);
  const inHand = Promise.withResolvers<void>();
  let turns = 0;
  const running = runTurns({
    ...{ what: "test", log: { info: keep, warn: keep, error: keep } },
    turn: async () => {
      turns += 1;
      if (turns <= 2) throw new Error("out of reach");
      await inHand.promise;
      return 0;
    },
  });
  await eventually(() => assert.equal(turns, 3));
  assert.deepEqual(said, ["test waits and tries again"]);
  let stopped = false;
  const stopping = running.stop().then(() => stopped = true);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.equal(stopped, false, "the turn in hand is finished");
  inHand.resolve();
  await stopping;
  assert.equal(turns, 3);
});
