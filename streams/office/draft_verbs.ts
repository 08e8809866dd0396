/** The verbs of drafts and estimates: what a person decides before a bill goes out. */
import { period } from "../../protocol/messages/billing.ts";
import { id } from "../../protocol/messages/common.ts";
import { meterStatus } from "../../protocol/messages/invoice_inputs.ts";
import { z } from "../../protocol/schema.ts";
import {
  countDrafts,
  decideCycle,
  type Decision,
  listDrafts,
  releaseMonth,
  showDraft,
} from "../billing/drafts.ts";
import type { CycleKey } from "../billing/facts_rows.ts";
import { cycleRulesOf, type OfficeContext, verb, type Verbs } from "./office.ts";

const LIST_MAX = 500;
const key = { account_id: id, period };
const deed = {
  reason: z.string().trim().min(1, "say why").max(200),
  actor: z.string().trim().min(1).max(64).default("office"),
};

/** What a person decides; a bill that comes of it gets its file. */
async function decide(
  context: OfficeContext,
  cycle: CycleKey,
  decision: Decision,
  { reason, actor }: { readonly reason: string; readonly actor: string },
) {
  const by = { actor, reason, rules: cycleRulesOf(context), now_ms: context.now_ms };
  const result = await decideCycle(context.db, cycle, decision, by);
  if (result.issued !== null) context.onBill?.(result.issued);
  return result;
}

const decided = (toDecision: (input: { reason: string }) => Decision) =>
  verb(
    z.object({ ...key, ...deed }),
    async ({ reason, actor, ...cycle }, context) =>
      await decide(context, cycle, toDecision({ reason }), { reason, actor }),
  );

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
  "draft-count": verb(
    z.object({ period }),
    async ({ period }, { db }) => ({ drafts: await countDrafts(db, period) }),
  ),
  "draft-release-month": verb(
    z.object({ period, after: z.string().max(32).default(""), ...deed }),
    async ({ period, after, reason, actor }, context) => {
      const by = { actor, reason, rules: cycleRulesOf(context), now_ms: context.now_ms };
      const part = await releaseMonth(context.db, period, after, by);
      for (const number of part.numbers) context.onBill?.(number);
      return part;
    },
  ),
  "draft-release": decided(() => ({ step: "release" })),
  "draft-drop": decided(({ reason }) => ({ step: "drop", reason })),
  "bill-estimate": verb(
    z.object({ ...key, status: meterStatus.default("reading_not_taken"), ...deed }),
    async ({ status, reason, actor, ...cycle }, context) =>
      await decide(context, cycle, { step: "estimate", status }, { reason, actor }),
  ),
};
