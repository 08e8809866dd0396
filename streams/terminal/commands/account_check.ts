/** `samay account check`: holds the ledger against the bills, payments and credit notes. */
import type { LedgerCheck } from "../../accounts/check.ts";
import { formatRupees } from "../../billing/money.ts";
import type { Command } from "../command.ts";
import { counted } from "../counted.ts";

/** It reads every entry. */
const TIMEOUT_MS = 600_000;

export const command: Command = {
  name: "account check",
  summary: "Holds every account's entries against its bills and payments",
  options: { json: { type: "boolean", help: "One JSON document; amounts in paise" } },
  help:
    `Each live bill is booked once with its amount, nothing of a void one stands, each payment and
credit note is booked, each reversal is the opposite of what it reverses. Exit code 1 for a difference.

  samay account check`,
  async run({ values }) {
    const { askAsOperator } = await import("../../office/operator.ts");
    const check = await askAsOperator("account-check", {}, TIMEOUT_MS) as LedgerCheck;
    console.log(values.json === true ? JSON.stringify(check) : toText(check));
    return check.faults.length === 0 ? 0 : 1;
  },
};

function toText({ accounts, entries, balance_paise, faults, more }: LedgerCheck): string {
  const all = `${counted(accounts, "account")}, ${entries} entries, Rs ${
    formatRupees(balance_paise)
  } outstanding in all`;
  if (faults.length === 0) return `The ledger is sound: ${all}`;
  const lines = faults.map(({ account_id, what }) => `${account_id}: ${what}`);
  if (more > 0) lines.push(`and ${more} more`);
  return [...lines, "", `${counted(faults.length + more, "difference")} in ${all}`].join("\n");
}
