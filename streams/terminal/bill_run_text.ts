/** How a billing run ended, as text. */
import { formatRupees } from "../billing/money.ts";
import type { SkippedMonth } from "../billing/skipped.ts";
import type { PeriodStatus } from "../billing/status.ts";
import { counted } from "./counted.ts";
import { formatTable, terminalWidth } from "./table.ts";

/** A line for each month that accounts have no bill for. `goes_on`: they are billed all the same. */
export function skippedText(skipped: readonly SkippedMonth[], goes_on: boolean): string[] {
  return skipped.map(({ period, accounts }) => {
    const have = `${counted(accounts, "account")} ${accounts === 1 ? "has" : "have"} no bill for`;
    const would = goes_on ? "goes" : "would go";
    const never = `${period} ${goes_on ? "can" : "could"} never be billed`;
    const next = goes_on
      ? ""
      : `. Left out: bill it first, samay bill run --period ${period}, or --skip-months`;
    const whose = accounts === 1 ? "its" : "their";
    return `${have} ${period}: ${whose} use since then ${would} onto this bill, and ${never}${next}`;
  });
}

/** `halted`: why the run stopped by its bounds, or null. */
export function runText(status: PeriodStatus, halted: string | null): string {
  const { period, accounts, issued, imported, queued, awaiting, silent, parked, drafts } = status;
  const again = `samay bill run --period ${period}`;
  const text = [
    `${period}: ${counted(issued, "bill")} of ${counted(accounts, "account")}, ${
      formatRupees(status.payable_paise)
    } rupees to pay`,
  ];
  if (halted !== null) {
    text.push(`Halted: ${halted}`, `Look at it, then: ${again} --resume --reason "..."`);
  }
  if (imported > 0) text.push(`${imported} imported`);
  if (drafts > 0) {
    text.push(
      `${counted(drafts, "draft")}: issued when the grace is over; see: samay bill draft list`,
    );
  }
  if (queued > 0) {
    text.push(
      `${queued} not begun${halted === null ? ": is the billing role running?" : ""}`,
    );
  }
  if (awaiting > 0) text.push(`${awaiting} waiting for a reading; it is billed when it comes`);
  if (silent > 0) text.push(`${silent} without an answer of their meter`);
  if (silent > 0) {
    text.push(`To bill one of them without its reading: samay bill estimate ACCOUNT ${period}`);
  }
  if (parked > 0) {
    text.push(`${parked} parked: set right what the line names, then again: ${again}`);
  }
  if (status.attention.length > 0) {
    const rows = status.attention.map((one) => [one.account_id, one.state, one.reason]);
    const columns = [{ title: "Account" }, { title: "State" }, { title: "Why", flexible: true }];
    text.push("", formatTable(columns, rows, { width: terminalWidth() }));
    const hidden = silent + parked + awaiting - rows.length;
    if (hidden > 0) text.push(`and ${hidden} more`);
  }
  return text.join("\n");
}
