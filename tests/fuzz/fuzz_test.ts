import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { rejectReason } from "../../protocol/messages/journal.ts";
import { CANDIDATES_MAX } from "../../protocol/tves/window.ts";
import { meterActor } from "../../actors/meter/meter.ts";
import { faultOf, fuzz } from "./fuzz.ts";
import { find, inputOf, meterWithHistory, originals } from "./frames.ts";
import { MUTATIONS } from "./mutate.ts";

Deno.test("the originals get every verdict that stands behind the tag, each the one it is made for", () => {
  const state = meterWithHistory();
  const seen = new Set<string>();
  for (const { bytes, verdict } of originals()) {
    const event = meterActor.receive(state, inputOf(bytes), find);
    strictEqual(event.event === "reading" ? "reading" : event.reason, verdict);
    seen.add(verdict);
  }
  for (const verdict of ["reading", "replayed", "too_old", "pre_played", "not_a_pack"]) {
    ok(seen.has(verdict), verdict);
  }
});

Deno.test("twenty thousand spoiled frames are refused, each with a reason and bounded work", () => {
  const { verdicts, mutations, trials_max } = fuzz({ seed: 20_261_122, from: 0, frames: 20_000 });
  for (const reason of rejectReason.options) ok(verdicts.has(reason), `none was ${reason}`);
  strictEqual(mutations.size, MUTATIONS.length);
  ok(trials_max > 20 && trials_max <= CANDIDATES_MAX, `${trials_max} candidates`);
});

Deno.test("fuzz() makes the same frames again from the same seed and number", () => {
  const whole = fuzz({ seed: 5, from: 0, frames: 200 });
  const again = fuzz({ seed: 5, from: 0, frames: 200 });
  deepStrictEqual(again, whole);
  const parts = [0, 120].map((from) => fuzz({ seed: 5, from, frames: from === 0 ? 120 : 80 }));
  strictEqual(parts[0]!.trials + parts[1]!.trials, whole.trials);
});

Deno.test("faultOf() finds a frame that opened, an unknown reason and work without a limit", () => {
  strictEqual(faultOf("reading", 1, () => true), undefined);
  strictEqual(faultOf("no_key_in_window", CANDIDATES_MAX, () => false), undefined);
  for (const verdict of ["reading", "replayed", "too_old", "pre_played", "not_a_pack"]) {
    strictEqual(faultOf(verdict, 1, () => false), `it opened: ${verdict}`);
  }
  strictEqual(faultOf("because", 0, () => true), "no such reason: because");
  strictEqual(
    faultOf("tag_mismatch", CANDIDATES_MAX + 1, () => true),
    `${CANDIDATES_MAX + 1} candidates were tried`,
  );
});
