/** Makes a bill anew: the old one is void, the new one names it, and neither stands without the other. */
import { TerminalError } from "../../protocol/errors.ts";
import { findInvoice } from "./invoices.ts";
import { type StepContext, stepCycles, type StepResult } from "./step.ts";
import { voidInvoiceIn, type VoidRequest } from "./void.ts";

export interface Regenerated {
  /** Of the bill that is void now. */
  readonly replaces: string;
  readonly account_id: string;
  readonly period: string;
  /** Of the new one; null where it is a draft first. */
  readonly number: string | null;
  readonly payable_paise: number | null;
}

/**
 * One transaction: voids the bill of `request` and bills its month anew by what is known now, from the
 * same request for a reading. Throws `TerminalError` where no bill comes out: then nothing is changed.
 */
export async function regenerateBill(
  context: StepContext,
  request: VoidRequest,
): Promise<Regenerated> {
  return await context.db.transaction().execute(async (trx) => {
    const voided = await voidInvoiceIn(trx, request);
    const { number: replaces, account_id, period } = voided;
    const { requested_at } = await trx.selectFrom("billing_cycle")
      .innerJoin("invoice", "invoice.cycle_id", "billing_cycle.cycle_id")
      .select("requested_at").where("invoice.number", "=", replaces).executeTakeFirstOrThrow();
    // A moment later than the request before: the same readings close it, and the cycle is a new one.
    const requested_at_ms = (requested_at?.getTime() ?? request.now_ms) + 1;
    const step = async (one: Parameters<typeof stepCycles>[3]): Promise<StepResult> =>
      (await stepCycles(trx, context, [{ account_id, period }], one))[0]!;
    let made = await step({ step: "close", requested_at_ms });
    if (made.state === "awaiting_reading") made = await step({ step: "look" });
    if (made.issued === null && made.state !== "draft") {
      throw new TerminalError(
        `Bill ${replaces} cannot be made anew: ${made.reason ?? "no reading closes its month"}; ` +
          `nothing is changed`,
      );
    }
    const invoice = made.issued === null ? null : await findInvoice(trx, made.issued);
    return {
      ...{ replaces, account_id, period },
      ...{ number: made.issued, payable_paise: invoice?.payable_paise ?? null },
    };
  });
}
