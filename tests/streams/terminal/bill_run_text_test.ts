/** What is said at the end of a billing run. */
import assert from "node:assert/strict";
import { Failure } from "../../../streams/terminal/command.ts";
import { goesOn } from "../../../streams/terminal/commands/bill_run.ts";
import { runText, skippedText } from "../../../streams/terminal/bill_run_text.ts";

const STATUS = {
  ...{ period: "2026-08", accounts: 200, queued: 0, awaiting: 0, silent: 0, parked: 0, drafts: 0 },
  ...{ issued: 0, imported: 0, payable_paise: 0, attention: [] },
};

Deno.test("runText() says that drafts wait for people, not for a reading", () => {
  const text = runText({ ...STATUS, drafts: 200 }, null);
  assert.match(text, /200 drafts: issued when the grace is over; see: samay bill draft list/);
  assert.doesNotMatch(text, /waiting for a reading/);
  assert.doesNotMatch(runText({ ...STATUS, issued: 200 }, null), /draft/);
});

Deno.test("skippedText() says what becomes of a month without a bill, and what to do", () => {
  const skipped = [{ period: "2026-08", accounts: 200 }, { period: "2026-07", accounts: 1 }];
  assert.deepEqual(skippedText(skipped, true), [
    "200 accounts have no bill for 2026-08: their use since then goes onto this bill, and 2026-08 " +
    "can never be billed",
    "1 account has no bill for 2026-07: its use since then goes onto this bill, and 2026-07 can " +
    "never be billed",
  ]);
  const [left] = skippedText(skipped, false);
  assert.match(
    left!,
    /Left out: bill it first, samay bill run --period 2026-08, or --skip-months$/,
  );
  assert.deepEqual(skippedText([], false), []);
});

Deno.test("runText() names the estimate where no reading has come", () => {
  assert.match(runText({ ...STATUS, silent: 2 }, null), /samay bill estimate ACCOUNT 2026-08/);
  assert.doesNotMatch(runText({ ...STATUS, issued: 2 }, null), /estimate/);
});

Deno.test("a run whose head-end does not answer any more goes on by itself, and it is said", () => {
  const told = goesOn(new Failure("No head-end answers at nats://x"), "2026-08");
  assert.match(
    (told as Error).message,
    /^No head-end answers .*goes on by itself .*--period 2026-08$/,
  );
  assert.ok(told instanceof Failure);
  const other = new Error("a fault");
  assert.equal(goesOn(other, "2026-08"), other);
});
