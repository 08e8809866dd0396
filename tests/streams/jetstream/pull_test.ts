import assert from "node:assert/strict";
import { subjects } from "../../../protocol/subjects.ts";
import type { WorkMessage } from "../../../streams/jetstream/broker.ts";
import { withBroker } from "../../support/broker.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** Keeps the process from looking at its sockets and timers, as a busy database in it does. */
function block(duration_ms: number): void {
  const end_ms = performance.now() + duration_ms;
  while (performance.now() < end_ms);
}

Deno.test("work() loses no message while the process is too busy to look at its sockets", async () => {
  await withBroker(async ({ broker }) => {
    const total = 4;
    const seen: WorkMessage[] = [];
    const work = await broker.work(
      { stream: "BILLING", consumer: "billing", concurrency: 4 },
      (message) => {
        seen.push(message);
        return Promise.resolve();
      },
    );
    for (let i = 0; i < total; i++) {
      const published = broker.publish(subjects.billing(`A${i}`), bytes("x"));
      await new Promise((resolve) => setTimeout(resolve, 1)); // It is on its way to the broker.
      // Past the end of a pull: the message lies in the socket while every timer falls due.
      block(1_300);
      await published;
    }
    const end_ms = performance.now() + 5_000;
    while (seen.length < total && performance.now() < end_ms) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await work.stop();
    assert.equal(seen.length, total);
    assert.ok(seen.every((message) => message.deliveries === 1));
  });
});
