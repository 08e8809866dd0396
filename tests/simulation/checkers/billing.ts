/** I2: one live invoice an account and period, and no use between two readings in two live invoices. */
import type { Invoice } from "../billing_tables.ts";
import { Violation } from "./checker.ts";

const said = ({ account_id, period, from_ms, to_ms }: Invoice) =>
  `${account_id} ${period} (${new Date(from_ms).toISOString()} to ${
    new Date(to_ms).toISOString()
  })`;

/** Throws `Violation` for the first two live invoices that cannot both stand. */
export function assertBilledOnce(invoices: readonly Invoice[]): void {
  const live = invoices.filter((one) => one.live);
  for (const [i, one] of live.entries()) {
    for (const other of live.slice(i + 1)) {
      if (one.account_id !== other.account_id) continue;
      if (one.period === other.period) {
        throw new Violation("I2", `two live invoices: ${said(one)} and ${said(other)}`);
      }
      if (one.from_ms < other.to_ms && other.from_ms < one.to_ms) {
        throw new Violation("I2", `readings billed twice: ${said(one)} and ${said(other)}`);
      }
    }
  }
}
