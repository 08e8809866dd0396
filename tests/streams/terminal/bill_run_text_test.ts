/** What is said at the end of a billing run. */
import assert from "node:assert/strict";
import { runText } from "../../../streams/terminal/bill_run_text.ts";

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
