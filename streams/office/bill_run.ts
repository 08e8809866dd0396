/** `bill-run`, `bill-status`: closing a month, and how far it is. */
import { periodOf } from "../../actors/billing/calendar.ts";
import { instant_ms } from "../../protocol/messages/common.ts";
import { period } from "../../protocol/messages/billing.ts";
import { z } from "../../protocol/schema.ts";
import { closePeriod } from "../billing/close_period.ts";
import { previewPeriod } from "../billing/preview.ts";
import { periodStatus } from "../billing/status.ts";
import { verb } from "./office.ts";

/** Without a period: the present month in Indian time. A dry run says what would be done. */
export const billRun = verb(
  z.object({ period: period.optional(), dry_run: z.boolean().default(false) }),
  async ({ period, dry_run }, { db, broker, now_ms }) => {
    const now = now_ms();
    const month = period ?? periodOf(now);
    return dry_run
      ? { period: month, dry_run, accounts: await previewPeriod(db, month, now) }
      : { dry_run, ...await closePeriod(db, broker, month, now) };
  },
);

export const billStatus = verb(
  z.object({ period: period.optional(), since_ms: instant_ms.nullable().default(null) }),
  async ({ period, since_ms }, { db, now_ms }) =>
    await periodStatus(db, period ?? periodOf(now_ms()), since_ms),
);
