import assert from "node:assert/strict";
import { sessionActor } from "../../../actors/session/session.ts";
import { TerminalError } from "../../../protocol/errors.ts";

const NOW_MS = 1_772_323_200_000;
const clock = {
  quality: 2,
  offset_s: 0.001,
  delay_s: 0.01,
  dispersion_s: 0.002,
  stratum: 2,
  source: "samay.time",
};
const report = (change: Record<string, unknown> = {}) => ({
  kind: "heartbeat",
  slave_id: "slave-1",
  at_ms: NOW_MS,
  boot: 3,
  meters: 4,
  outbox: 0,
  clock,
  faults: [],
  ...change,
});
const input = (body: unknown, arrival_ms = NOW_MS) => ({
  sequence: 12,
  id: "slave-1",
  payload: new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body)),
  arrival_ms,
});
const none = () => undefined;

Deno.test("sessionActor keeps the newest report by arrival, through a snapshot too", () => {
  const state = sessionActor.fresh("slave-1");
  const take = (body: unknown, arrival_ms: number) =>
    sessionActor.apply(state, sessionActor.receive(state, input(body, arrival_ms), none));
  take(report({ outbox: 7 }), NOW_MS + 1_000);
  take(report({ outbox: 9 }), NOW_MS);
  assert.equal(state.report?.outbox, 7);
  assert.equal(state.last_seen_ms, NOW_MS + 1_000);
  const snapshot = JSON.parse(JSON.stringify(sessionActor.encode(state)));
  assert.deepEqual(sessionActor.decode("slave-1", snapshot), state);
});

Deno.test("sessionActor.receive() throws TerminalError for no JSON, no report, and another's name", () => {
  const cases: [unknown, RegExp][] = [
    ["{", /Session report 12: not JSON/],
    [report({ boot: -1 }), /Session report 12: boot/],
    [report({ slave_id: "slave-2" }), /names slave slave-2 on the subject of slave-1/],
  ];
  for (const [body, message] of cases) {
    assert.throws(
      () => sessionActor.receive(undefined, input(body), none),
      (error) => error instanceof TerminalError && message.test(error.message),
    );
  }
});
