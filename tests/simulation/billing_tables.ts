/** Cycles and invoices with the unique keys of the migrations: one live of each an account and period. */
import type { Bill } from "../../actors/billing/bill.ts";
import { type Cycle, newCycle } from "../../actors/billing/cycle.ts";

export interface Invoice {
  readonly account_id: string;
  readonly period: string;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly to_wh: number;
  live: boolean;
}

/** The unique index refused a second live invoice: another process was faster. */
export class NotUniqueError extends Error {
  override readonly name: string = "NotUniqueError";
}

export class BillingTables {
  readonly cycles = new Map<string, Cycle>();
  readonly invoices: Invoice[] = [];
  /** Whether a step locks its account, and whether the index is there: always, but for sabotage. */
  locksAccounts = true;
  unique = true;
  onInvoice = () => {};

  cycle(account_id: string, period: string): Cycle {
    const found = this.cycles.get(`${account_id} ${period}`);
    return found ? { ...found } : newCycle(account_id, period);
  }

  /** Bills that stand, latest period first. */
  billed(account_id: string): Invoice[] {
    return this.invoices.filter((one) => one.live && one.account_id === account_id)
      .sort((a, b) => a.period < b.period ? 1 : -1);
  }

  /** What one step of a cycle decided, all of it or nothing. */
  write(cycle: Cycle, bills: readonly Bill[], voids: boolean): void {
    const { account_id, period } = cycle;
    const live = this.billed(account_id).find((one) => one.period === period);
    if (bills.length > 0 && live !== undefined && this.unique) {
      throw new NotUniqueError(`${account_id} has a live invoice for ${period}`);
    }
    this.cycles.set(`${account_id} ${period}`, { ...cycle });
    if (voids && live !== undefined) live.live = false;
    for (const { inputs: { opening, closing } } of bills) {
      const [from_ms, to_ms] = [opening.read_at_ms, closing.read_at_ms];
      this.invoices.push({
        account_id,
        period,
        from_ms,
        to_ms,
        to_wh: closing.value_wh,
        live: true,
      });
    }
    this.onInvoice();
  }
}
