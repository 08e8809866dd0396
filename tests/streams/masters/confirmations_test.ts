import assert from "node:assert/strict";
import type { Confirmation } from "../../../protocol/messages/confirm.ts";
import { Confirmations } from "../../../streams/masters/confirmations.ts";
import type { Timers } from "../../../streams/time/timers.ts";

/** A clock that stands until it is moved, and what was sent with it. */
class Desk implements Timers {
  #now_ms = 0;
  #due: { at_ms: number; action: () => void }[] = [];
  readonly sent: [string, Confirmation][] = [];
  readonly confirmations = new Confirmations(this, (...message) => this.sent.push(message));

  now_ms = () => this.#now_ms;

  after(delay_ms: number, action: () => void): () => void {
    const timer = { at_ms: this.#now_ms + delay_ms, action };
    this.#due.push(timer);
    return () => this.#due = this.#due.filter((other) => other !== timer);
  }

  pass(duration_ms: number): void {
    this.#now_ms += duration_ms;
    const due = this.#due.filter(({ at_ms }) => at_ms <= this.#now_ms);
    this.#due = this.#due.filter(({ at_ms }) => at_ms > this.#now_ms);
    for (const { action } of due) action();
  }

  get timers(): number {
    return this.#due.length;
  }

  /** `count` readouts that stand in record `journal_sequence`. */
  add(slaveId: string, journal_sequence: number, count = 1): void {
    const confirmed = Array.from({ length: count }, (_, read_at_ms) => ({
      meter_id: `M${journal_sequence}`,
      read_at_ms,
    }));
    const refused = [{ meter_id: "M0", boot: 1, sequence: journal_sequence, reason: "replayed" }];
    this.confirmations.add(slaveId, { journal_sequence, confirmed, refused });
  }
}

Deno.test("confirmations of many shards for one slave are one message, a tenth of a second later", () => {
  const desk = new Desk();
  desk.add("slave-1", 7);
  desk.add("slave-2", 8);
  desk.pass(60);
  desk.add("slave-1", 5);
  assert.equal(desk.sent.length, 0);
  desk.pass(40);
  assert.deepEqual(desk.sent.map(([slaveId]) => slaveId), ["slave-1", "slave-2"]);
  const [, body] = desk.sent[0]!;
  assert.equal(body.journal_sequence, 7);
  assert.deepEqual(body.confirmed.map(({ meter_id }) => meter_id), ["M7", "M5"]);
  assert.deepEqual(body.refused.map(({ sequence }) => sequence), [7, 5]);
  assert.equal(desk.timers, 0);
  desk.add("slave-1", 9);
  desk.pass(100);
  assert.deepEqual(desk.sent[2]![1].confirmed.length, 1);
});

Deno.test("a message that is full leaves at once, and a flood of slaves makes them all leave", () => {
  const desk = new Desk();
  desk.add("slave-1", 1, 498);
  assert.equal(desk.sent.length, 0);
  desk.add("slave-1", 2);
  assert.equal(desk.sent.length, 1);
  assert.equal(desk.sent[0]![1].confirmed.length, 499);
  for (let i = 0; i < 10_000; i++) desk.add(`other-${i}`, 3);
  assert.equal(desk.sent.length, 1);
  desk.add("one-more", 3);
  assert.equal(desk.sent.length, 10_001);
});

Deno.test("Confirmations.stop() sends what waits and leaves no timer behind", async () => {
  const desk = new Desk();
  desk.add("slave-1", 1);
  await desk.confirmations.stop();
  assert.equal(desk.sent.length, 1);
  desk.add("slave-1", 2);
  assert.equal(desk.timers, 0);
  await desk.confirmations.stop();
  assert.equal(desk.sent.length, 1);
});
