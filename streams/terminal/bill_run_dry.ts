/** A dry run, part by part: what would be billed, next to the month before. */
import {
  addTotals,
  changeOf,
  haltOf,
  NO_TOTALS,
  RUN_BOUNDS,
  type RunTotals,
} from "../../actors/billing/run.ts";
import { formatRupees } from "../billing/money.ts";
import type { Preview, PreviewPart } from "../billing/preview.ts";
import type { SkippedMonth } from "../billing/skipped.ts";
import { skippedText } from "./bill_run_text.ts";
import { counted } from "./counted.ts";
import { createProgress } from "./progress.ts";
import { formatTable, terminalWidth } from "./table.ts";

/** Accounts that are kept to be shown; the rest are counted. */
const KEPT_MAX = 1_000;
/** More than this are told by their exceptions and their greatest changes alone. */
const LISTED_MAX = 50;
const PART_TIMEOUT_MS = 60_000;

type Ask = (verb: string, input: unknown, timeout_ms?: number) => Promise<unknown>;

interface Dry {
  period: string;
  accounts: number;
  totals: RunTotals;
  asked: number;
  skipped: readonly SkippedMonth[];
  /** Accounts that are left out because of a month before. */
  jumping: number;
  /** The first ones, in the order of their names. */
  kept: Preview[];
  parked: Preview[];
  /** Greatest change against the month before first. */
  changed: Preview[];
}

/** Prints the dry run of `input`; returns the exit code. */
export async function dryRun(
  ask: Ask,
  input: Readonly<Record<string, unknown>>,
  given: Readonly<Record<string, number | boolean>>,
  json: boolean,
): Promise<number> {
  const skip_months = given.skip_months === true;
  const dry = await gather(ask, { ...input, skip_months });
  const halt = haltOf(dry.totals, { ...RUN_BOUNDS, ...given });
  if (json) {
    const { period, accounts: total, totals, skipped, kept: accounts } = dry;
    console.log(JSON.stringify({ period, dry_run: true, total, totals, skipped, halt, accounts }));
  } else console.log(textOf(dry, halt, skip_months));
  return 0;
}

async function gather(ask: Ask, input: Readonly<Record<string, unknown>>): Promise<Dry> {
  const dry: Dry = {
    ...{ period: "", accounts: 0, totals: NO_TOTALS, asked: 0, skipped: [], jumping: 0 },
    ...{ kept: [], parked: [], changed: [] },
  };
  const bar = createProgress();
  let after: string | null = null;
  try {
    do {
      const part = await ask("bill-preview", { ...input, after }, PART_TIMEOUT_MS) as PreviewPart;
      dry.period = part.period;
      dry.accounts = part.total ?? dry.accounts;
      dry.skipped = part.skipped ?? dry.skipped;
      add(dry, part.accounts);
      const made = dry.totals.issued + dry.totals.drafts;
      bar.update(dry.totals.looked + dry.jumping, dry.accounts, `${made} bills`);
      after = part.after;
    } while (after !== null);
  } finally {
    bar.end();
  }
  return dry;
}

function add(dry: Dry, some: readonly Preview[]): void {
  for (const one of some) {
    const { would, payable_paise, before_paise } = one;
    if (dry.kept.length < KEPT_MAX) dry.kept.push(one);
    if (one.jumps === true) {
      dry.jumping += 1;
      continue;
    }
    const compared = payable_paise !== null && before_paise !== null;
    dry.totals = addTotals(dry.totals, {
      looked: 1,
      issued: would === "issue" ? 1 : 0,
      drafts: would === "draft" ? 1 : 0,
      parked: would === "park" ? 1 : 0,
      waiting: would === "wait" || would === "ask" ? 1 : 0,
      units_kwh: one.units_kwh ?? 0,
      payable_paise: payable_paise ?? 0,
      compared: compared ? 1 : 0,
      compared_paise: compared ? payable_paise : 0,
      before_paise: compared ? before_paise : 0,
    });
    if (would === "ask") dry.asked += 1;
    if (would === "park" && dry.parked.length < LISTED_MAX) dry.parked.push(one);
  }
  const changed = some.filter((one) => one.payable_paise !== null && one.before_paise !== null);
  dry.changed = [...dry.changed, ...changed]
    .sort((a, b) => Math.abs(differenceOf(b)) - Math.abs(differenceOf(a))).slice(0, LISTED_MAX);
}

const differenceOf = (one: Preview) => (one.payable_paise ?? 0) - (one.before_paise ?? 0);

function textOf(dry: Dry, halt: string | null, skip_months: boolean): string {
  const { period, totals } = dry;
  const looked = totals.looked + dry.jumping;
  const text = [
    `${period}: ${counted(looked, "account")} to close (dry run: nothing is written)`,
    ...skippedText(dry.skipped, skip_months),
  ];
  if (looked === 0) return text[0]!;
  const { issued, drafts, units_kwh, payable_paise, parked, waiting, compared } = totals;
  const made = drafts === 0
    ? counted(issued, "bill")
    : issued === 0
    ? counted(drafts, "draft")
    : `${counted(issued, "bill")} and ${counted(drafts, "draft")}`;
  const bills = `${made} of ${units_kwh} kWh, ${formatRupees(payable_paise)} Rs`;
  text.push(
    `${bills}; ${parked} would park, ${dry.asked} be asked for a reading, ${
      waiting - dry.asked
    } have none`,
  );
  if (compared > 0) text.push(comparisonOf(totals));
  if (halt !== null) text.push(`The run would halt: ${halt}`);
  if (looked <= LISTED_MAX) return [...text, "", tableOf(dry.kept)].join("\n");
  if (dry.parked.length > 0) text.push("", "Would park", tableOf(dry.parked));
  if (dry.changed.length > 0) {
    text.push("", "Greatest changes against the month before", tableOf(dry.changed));
  }
  return text.join("\n");
}

function comparisonOf({ compared, compared_paise, before_paise }: RunTotals): string {
  const change = before_paise > 0 ? `, ${signed(changeOf(compared_paise, before_paise))} %` : "";
  return `${compared} of them have a bill for the month before: ${
    formatRupees(compared_paise)
  } Rs now, ${formatRupees(before_paise)} Rs then${change}`;
}

const signed = (percent: number) => `${percent < 0 ? "" : "+"}${percent.toFixed(1)}`;

function tableOf(previews: readonly Preview[]): string {
  const rupees = (paise: number | null) => paise === null ? "" : formatRupees(paise);
  const rows = previews.map((one) => [
    one.account_id,
    one.would,
    one.units_kwh === null ? "" : String(one.units_kwh),
    rupees(one.payable_paise),
    rupees(one.before_paise),
    one.reason ?? "",
  ]);
  return formatTable(
    [
      { title: "Account" },
      { title: "Would" },
      { title: "kWh", align: "right" },
      { title: "Rs", align: "right" },
      { title: "Before", align: "right" },
      { title: "Why", flexible: true },
    ],
    rows,
    { width: terminalWidth() },
  );
}
