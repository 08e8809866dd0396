/** `bill-run`, `bill-progress`, `bill-status`: closing a month, and how far it is. */
import { periodOf } from "../../actors/billing/calendar.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { id, instant_ms } from "../../protocol/messages/common.ts";
import { period } from "../../protocol/messages/billing.ts";
import { z } from "../../protocol/schema.ts";
import { closeAccount } from "../billing/close_account.ts";
import { unbilled } from "../billing/close_period.ts";
import { previewPeriod } from "../billing/preview.ts";
import { runBounds } from "../billing/run/bounds.ts";
import { runProgress } from "../billing/run/progress.ts";
import { resumeRun, startRun } from "../billing/run/start.ts";
import { countSkipped, skippedMonths, whySkipped } from "../billing/skipped.ts";
import { periodStatus } from "../billing/status.ts";
import { cycleRulesOf, verb } from "./office.ts";

const actor = z.string().trim().min(1).max(64).default("office");
/** Whether an account without a bill for an earlier month is billed all the same. */
const skip_months = z.boolean().default(false);
const reason = z.string().trim().min(1, "say why").max(200);

/** Without a period: the present month in Indian time. `resume` lets a halted run go on. */
export const billRun = verb(
  z.object({
    period: period.optional(),
    bounds: runBounds.prefault({}),
    resume: reason.optional(),
    actor,
  }),
  async ({ period, bounds, resume, actor: requested_by }, { db, now_ms }) => {
    const now = now_ms();
    const request = { period: period ?? periodOf(now), bounds, requested_by, now_ms: now };
    const skipped = await countSkipped(db, unbilled(request.period), request.period);
    const run = resume === undefined
      ? await startRun(db, request)
      : await resumeRun(db, { ...request, reason: resume });
    return { ...run, skipped };
  },
);

/** A dry run, part by part: what would be done, and nothing is. */
export const billPreview = verb(
  z.object({ period: period.optional(), after: id.nullable().default(null), skip_months }),
  async ({ period, after, skip_months }, context) => {
    const { db, now_ms } = context;
    const known = { rules: cycleRulesOf(context), now_ms };
    return await previewPeriod(db, period ?? periodOf(now_ms()), known, after, skip_months);
  },
);

/** One account by itself, whatever became of it in a run. */
export const billAccount = verb(
  z.object({ account: id, period: period.optional(), skip_months }),
  async ({ account, period, skip_months }, { db, broker, now_ms }) => {
    const requested_at_ms = now_ms();
    const key = { account_id: account, period: period ?? periodOf(requested_at_ms) };
    const skipped = (await skippedMonths(db, key.period, [account])).get(account);
    if (skipped !== undefined && !skip_months) {
      throw new TerminalError(`Account ${account}: ${whySkipped(skipped, key.period)}`);
    }
    await closeAccount(db, broker, key, requested_at_ms);
    return { ...key, requested_at_ms };
  },
);

export const billProgress = verb(
  z.object({ period }),
  async ({ period }, { db }) => await runProgress(db, period),
);

export const billStatus = verb(
  z.object({ period: period.optional(), since_ms: instant_ms.nullable().default(null) }),
  async ({ period, since_ms }, { db, now_ms }) =>
    await periodStatus(db, period ?? periodOf(now_ms()), since_ms),
);
