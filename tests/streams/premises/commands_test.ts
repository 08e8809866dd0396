/** What a person types about accounts, meters and drafts, over a real broker. */
import assert from "node:assert/strict";
import { CYCLE_RULES } from "../../../actors/billing/rules.ts";
import { draftVerbs } from "../../../streams/office/draft_verbs.ts";
import { premisesVerbs } from "../../../streams/office/premises_verbs.ts";
import { stepCycle } from "../../../streams/billing/step.ts";
import { command as close } from "../../../streams/terminal/commands/account_close.ts";
import { command as list } from "../../../streams/terminal/commands/account_list.ts";
import { command as open } from "../../../streams/terminal/commands/account_open.ts";
import { command as show } from "../../../streams/terminal/commands/account_show.ts";
import { command as draft } from "../../../streams/terminal/commands/bill_draft.ts";
import { command as estimate } from "../../../streams/terminal/commands/bill_estimate.ts";
import { command as exchange } from "../../../streams/terminal/commands/meter_exchange.ts";
import { command as note } from "../../../streams/terminal/commands/meter_note.ts";
import { failure, runCommand as run, usage } from "../../support/command_line.ts";
import { withOffice } from "../../support/office.ts";
import { addAccount, addReading, at } from "../billing/fixture.ts";

const NOW = at("2026-05-02T10:00:00+05:30");
const rules = { ...CYCLE_RULES, draft_grace_ms: 86_400_000 };

Deno.test("samay account, meter exchange, bill draft and bill estimate, as a person types them", async () => {
  const verbs = { ...premisesVerbs, ...draftVerbs };
  await withOffice(verbs, { now_ms: () => NOW, cycle_rules: rules }, async ({ db }) => {
    for (const n of [1, 2]) await addAccount(db, n);
    assert.match(await run(list), /A1 .*C1 .*M1/);
    await assert.rejects(run(list, "--status", "gone"), usage(/active or closed/));

    await assert.rejects(run(exchange, "M1", "M2"), usage(/Give both readings/));
    const noted = ["--final", "1130.4", "--start", "0"];
    await assert.rejects(run(exchange, "M1", "M2", ...noted), usage(/Say why/));
    await assert.rejects(
      run(exchange, "M1", "M2", ...noted, "--reason", "dark"),
      failure(/M2 hangs at account A2/),
    );
    await assert.rejects(
      run(exchange, "M1", "M9", "--final", "1e9", "--start", "0"),
      usage(/--final is kWh/),
    );

    await addReading(db, 1, at("2026-04-30T20:00:00+05:30"), 1_250_100);
    const closing = { step: "close" as const, requested_at_ms: NOW };
    await stepCycle({ db, rules, now_ms: () => NOW }, "A1", "2026-04", closing);
    assert.match(await run(draft, "list"), /A1 +2026-04 +250/);
    assert.match(await run(draft, "show", "A1", "2026-04"), /250 kWh[^]*To pay/);
    await assert.rejects(run(draft, "sell", "A1", "2026-04"), usage(/list, show, release/));
    await assert.rejects(run(draft, "release", "A1", "2026-04"), usage(/Say why/));
    assert.match(
      await run(draft, "release", "A1", "2026-04", "--reason", "looked at"),
      /Bill MH\/2026-27\/000001 is issued/,
    );
    assert.match(await run(show, "A1"), /owes [\d,.]+ rupees[^]*2026-04 +issued/);

    await assert.rejects(
      run(estimate, "A2", "2026-04", "--status", "asleep", "--reason", "x"),
      usage(/--status is one of normal, faulty/),
    );
    const out = ["A2", "--reading", "1160", "--at", "2026-04-20", "--reason", "moved out"];
    assert.match(await run(close, ...out), /A2 is closed on 2026-04-20 at 1160 kWh/);
    await assert.rejects(run(close, ...out), failure(/A2 is closed/));
    const wrong = ["M2", "--account", "A2", "--reason", "photo"];
    await assert.rejects(run(note, ...wrong), usage(/Give one reading/));
    await assert.rejects(run(note, "M2", "--final", "1160.5"), usage(/--account ID/));
    assert.match(
      await run(note, ...wrong, "--final", "1159.5"),
      /A2: the final reading of meter M2 is 1159.5 kWh, not 1160/,
    );
    const into = ["A3", "--meter", "M2", "--start", "1160", "--consumer", "C3"];
    const who = ["--name", "Ravi Joshi", "--at", "2026-04-21", "--reason", "moved in"];
    assert.match(await run(open, ...into, ...who), /A3 is open: meter M2 from 1160 kWh/);
    assert.match(await run(list, "--status", "closed"), /A2 .*2026-04-20/);
  });
});
