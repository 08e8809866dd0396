/** The short form of `deno task faults`. */
import assert from "node:assert/strict";
import { postgresBinaries } from "../support/postgres.ts";
import { runFaults } from "./main.ts";

Deno.test({
  name: "masters are killed and stand still, poison comes: nothing is lost, nothing is doubled",
  ignore: postgresBinaries() === undefined,
  fn: async () => {
    const said: string[] = [];
    const outcomes = await runFaults({ short: true, say: (text) => said.push(text) });
    assert.ok(outcomes.length >= 4);
    const faults = outcomes.flatMap(({ name, faults }) => faults.map((one) => `${name}: ${one}`));
    assert.deepEqual(faults, [], said.join("\n"));
  },
});
