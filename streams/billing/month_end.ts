/**
 * Month-end without a person. What was closed stands in the audit trail, so that a restart, or a
 * second billing process, closes nothing twice; and closing twice would add nothing.
 */
import { firstClosed, periodsDue } from "../../actors/billing/schedule.ts";
import { writeAudit } from "../database/audit.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import type { Broker } from "../jetstream/broker.ts";
import type { Log } from "../terminal/log.ts";
import { closePeriod } from "./close_period.ts";

const ACTION = "month.closed";

export interface MonthEndOptions {
  readonly db: Kysely<Database>;
  readonly broker: Broker;
  readonly log: Log;
  readonly settle_ms: number;
}

/** Closes the months that are due. Cheap to call often: the last closed month is remembered. */
export class MonthEnd {
  readonly #options: MonthEndOptions;
  #last_closed: string | undefined;

  constructor(options: MonthEndOptions) {
    this.#options = options;
  }

  async closeDue(now_ms: number): Promise<void> {
    const { db, broker, log, settle_ms } = this.#options;
    const last_closed = this.#last_closed ??= await this.#load(now_ms);
    for (const period of periodsDue(now_ms, last_closed, settle_ms)) {
      const { accounts, commanded } = await closePeriod(db, broker, period, now_ms);
      // Noted after the commands stand: a crash between the two closes once more, adding nothing.
      await this.#note(period, { accounts, commanded });
      this.#last_closed = period;
      log.info("closing the month", { period, accounts, commanded });
    }
  }

  async #load(now_ms: number): Promise<string> {
    const row = await this.#options.db.selectFrom("audit").select("subject")
      .where("action", "=", ACTION).where("subject", "~", "^month [0-9]{4}-[0-9]{2}$")
      .orderBy("subject", "desc").limit(1).executeTakeFirst();
    if (row !== undefined) return row.subject.slice("month ".length);
    const first = firstClosed(now_ms);
    await this.#note(first, { first_start: true });
    return first;
  }

  async #note(period: string, detail: Readonly<Record<string, unknown>>): Promise<void> {
    const subject = `month ${period}`;
    await writeAudit(this.#options.db, { actor: "billing", action: ACTION, subject, detail });
  }
}
