import assert from "node:assert/strict";
import { utf8 } from "../../../protocol/bytes.ts";
import { startListening } from "../../../streams/jetstream/listening.ts";
import { type Log, silentLog } from "../../../streams/terminal/log.ts";
import { withBroker } from "../../support/broker.ts";

Deno.test("a flood of core messages waits up to a limit, the rest is dropped, and it is said once", async () => {
  await withBroker(async ({ broker }) => {
    const warnings: string[] = [];
    const log: Log = { ...silentLog, warn: (message) => void warnings.push(message) };
    const gate = Promise.withResolvers<void>();
    const handled: string[] = [];
    const listening = startListening(broker.connection, {
      ...{ subject: "samay.test", concurrency: 4, log },
      handler: async ({ data }) => {
        await gate.promise;
        handled.push(new TextDecoder().decode(data));
      },
    });
    const send = async (from: number, to: number) => {
      for (let i = from; i < to; i++) broker.tell("samay.test", utf8(String(i)));
      await broker.connection.flush();
      await broker.connection.flush(); // The messages have come back by then.
    };
    await send(0, 5_000);
    gate.resolve();
    await send(5_000, 5_001);
    await listening.stop();
    assert.equal(handled.length, 4 + 1_024 + 1);
    assert.deepEqual(handled.slice(0, 3), ["0", "1", "2"]);
    assert.equal(handled.at(-1), "5000");
    assert.equal(warnings.length, 1);
  });
});
