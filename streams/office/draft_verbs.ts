/** The verbs of drafts and estimates: what a person decides before a bill goes out. */
import { period } from "../../protocol/messages/billing.ts";
import { id } from "../../protocol/messages/common.ts";
import { meterStatus } from "../../protocol/messages/invoice_inputs.ts";
import { z } from "../../protocol/schema.ts";
import { decideCycle, type Decision, listDrafts, showDraft } from "../billing/drafts.ts";
import { cycleRulesOf, verb, type Verbs } from "./office.ts";

const LIST_MAX = 500;
const key = { account_id: id, period };
const deed = {
  reason: z.string().trim().min(1, "say why").max(200),
  actor: z.string().trim().min(1).max(64).default("office"),
};

const decided = (toDecision: (input: { reason: string }) => Decision) =>
  verb(z.object({ ...key, ...deed }), async ({ reason, actor, ...cycle }, context) => {
    const by = { actor, reason, rules: cycleRulesOf(context), now_ms: context.now_ms };
    return await decideCycle(context.db, cycle, toDecision({ reason }), by);
  });

export const draftVerbs: Verbs = {
  "draft-list": verb(
    z.object({ limit: z.int().min(1).max(LIST_MAX).default(LIST_MAX) }),
    async ({ limit }, { db }) => await listDrafts(db, limit),
  ),
  "draft-show": verb(
    z.object(key),
    async (cycle, context) =>
      await showDraft(context.db, cycle, { rules: cycleRulesOf(context), now_ms: context.now_ms }),
  ),
  "draft-release": decided(() => ({ step: "release" })),
  "draft-drop": decided(({ reason }) => ({ step: "drop", reason })),
  "bill-estimate": verb(
    z.object({ ...key, status: meterStatus.default("reading_not_taken"), ...deed }),
    async ({ reason, actor, status, ...cycle }, context) => {
      const by = { actor, reason, rules: cycleRulesOf(context), now_ms: context.now_ms };
      return await decideCycle(context.db, cycle, { step: "estimate", status }, by);
    },
  ),
};
