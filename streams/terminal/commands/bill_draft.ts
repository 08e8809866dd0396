/** `samay bill draft`: bills that wait for their grace, and what becomes of them. */
import type { DraftLine, DraftSheet, ReleasedPart } from "../../billing/drafts.ts";
import { formatRupees } from "../../billing/money.ts";
import { checkPeriodOption } from "../../billing/period_option.ts";
import type { StepResult } from "../../billing/step.ts";
import { inIndia } from "../../../protocol/indian_time.ts";
import type { Ask } from "../../office/operator.ts";
import { type Command, type ParsedArguments, UsageError } from "../command.ts";
import { counted } from "../counted.ts";
import { deedOf } from "../deed.ts";
import { givenId } from "../given_id.ts";
import { createProgress } from "../progress.ts";
import { formatTable, terminalWidth } from "../table.ts";

const DEEDS = ["list", "show", "release", "drop"] as const;
/** A part is a hundred bills: seconds on a slow machine. */
const PART_TIMEOUT_MS = 120_000;
/** Drafts that stay, told by name. */
const TOLD_MAX = 20;

type Wire<T> = Omit<T, "deadline_at"> & { readonly deadline_at: string | null };

export const command: Command = {
  name: "bill draft",
  summary: "Drafts of bills: list, show, release, drop",
  positionals: { usage: "list|show|release|drop [ACCOUNT YYYY-MM]", min: 1, max: 3 },
  options: {
    period: {
      type: "string",
      placeholder: "YYYY-MM",
      help: "To release: all drafts of this month",
    },
    yes: { type: "boolean", help: "With --period: release them, however many there are" },
    reason: { type: "string", placeholder: "TEXT", help: "Why: to release, and to drop" },
    json: { type: "boolean", help: "One JSON document" },
  },
  help:
    `With SAMAY_DRAFT_GRACE_HOURS a bill waits so long before it goes out by itself. Released, it
goes at once; dropped, its month is parked until the next run.

  samay bill draft list
  samay bill draft show A1 2026-04
  samay bill draft release A1 2026-04 --reason "looked at"
  samay bill draft release --period 2026-04 --yes --reason "all looked at"
  samay bill draft drop A1 2026-04 --reason "meter was read wrongly"`,
  async run({ values, positionals }) {
    const [word, account, month] = positionals;
    const deed = DEEDS.find((one) => one === word);
    if (deed === undefined) {
      throw new UsageError(`${DEEDS.join(", ")}: not "${word!.slice(0, 24)}"`);
    }
    const { askAsOperator } = await import("../../office/operator.ts");
    const say = (answer: unknown, text: () => string) =>
      console.log(values.json === true ? JSON.stringify(answer) : text());
    if (deed === "list") {
      const rows = await askAsOperator("draft-list", {}) as Wire<DraftLine>[];
      say(rows, () => rows.length === 0 ? "No drafts" : tableOf(rows));
      return 0;
    }
    if (values.period !== undefined) {
      if (deed !== "release" || account !== undefined) {
        throw new UsageError(
          "--period is to release a month: samay bill draft release --period ...",
        );
      }
      const { asOperator } = await import("../../office/operator.ts");
      return await asOperator((ask) => releaseMonth(ask, values));
    }
    if (account === undefined || month === undefined) {
      throw new UsageError(`Of which account and month: samay bill draft ${deed} A1 2026-04`);
    }
    const key = { account_id: givenId("the account", account), period: checkPeriodOption(month) };
    if (deed === "show") {
      const sheet = await askAsOperator("draft-show", key) as DraftSheet;
      say(sheet, () => sheetText(sheet));
      return 0;
    }
    const result = await askAsOperator(`draft-${deed}`, {
      ...key,
      ...deedOf(values),
    }) as StepResult;
    say(result, () => outcome(result, key.account_id, month));
    return deed === "release" && result.issued === null ? 1 : 0;
  },
};

/** Part by part: what one call releases is bounded, and stands. */
async function releaseMonth(ask: Ask, values: ParsedArguments["values"]): Promise<number> {
  const period = checkPeriodOption(values.period);
  const deed = deedOf(values);
  const { drafts } = await ask("draft-count", { period }) as { drafts: number };
  if (values.yes !== true && drafts > 0) {
    throw new UsageError(`${counted(drafts, "draft")} of ${period} would go out: add --yes`);
  }
  const bar = createProgress();
  let [released, kept] = [0, 0];
  const told: ReleasedPart["told"][number][] = [];
  let after: string | null = "";
  try {
    while (after !== null) {
      const part = await ask(
        "draft-release-month",
        { period, after, ...deed },
        PART_TIMEOUT_MS,
      ) as ReleasedPart;
      released += part.released;
      kept += part.kept;
      if (told.length < TOLD_MAX) told.push(...part.told);
      after = part.after;
      bar.update(released + kept, drafts, "drafts");
    }
  } finally {
    bar.end();
  }
  const lines = told.slice(0, TOLD_MAX).map((one) => `${one.account_id}: ${one.reason}`);
  if (kept > lines.length) lines.push(`and ${kept - lines.length} more: samay bill draft list`);
  const stay = kept === 0 ? "" : `; ${kept} stay as they are`;
  console.log(
    values.json === true
      ? JSON.stringify({ period, released, kept, told: told.slice(0, TOLD_MAX) })
      : [`${period}: ${counted(released, "draft")} released${stay}`, ...lines].join("\n"),
  );
  return kept === 0 ? 0 : 1;
}

function outcome({ state, issued, reason }: StepResult, account: string, month: string): string {
  if (issued !== null) return `Bill ${issued} is issued`;
  return `${account} ${month} is ${state}${reason === null ? "" : `: ${reason}`}`;
}

function tableOf(rows: readonly Wire<DraftLine>[]): string {
  return formatTable(
    [
      ...[{ title: "Account" }, { title: "Month" }, { title: "kWh", align: "right" as const }],
      ...[{ title: "Rs", align: "right" as const }, { title: "Goes out" }],
      { title: "Note", flexible: true },
    ],
    rows.map((row) => [
      ...[row.account_id, row.period, String(row.units_kwh), formatRupees(row.payable_paise)],
      row.deadline_at === null ? "" : inIndia(row.deadline_at),
      row.reason ?? (row.estimated === null ? "" : `estimated: ${row.estimated}`),
    ]),
    { width: terminalWidth() },
  );
}

function sheetText({ account_id, period, deadline_at_ms, reason, bill }: DraftSheet): string {
  const head = [`Draft for ${account_id}, ${period}`];
  if (deadline_at_ms !== null) head.push(`It goes out by itself at ${inIndia(deadline_at_ms)}`);
  if (reason !== null) head.push(reason);
  if (bill === null) return [...head, "It cannot be billed as things stand"].join("\n");
  const { from, to, days, units_kwh, estimate, true_up } = bill.inputs;
  head.push(`${from} to ${to}, ${days} days, ${units_kwh} kWh`);
  if (estimate !== undefined) head.push(`Estimated: ${estimate.status}`);
  if (true_up !== undefined) head.push(`True-up of ${true_up.estimated.length} estimated bills`);
  const rows = bill.lines.map((line) => [line.description, formatRupees(line.amount_paise)]);
  rows.push(["To pay", formatRupees(bill.payable_paise)]);
  const columns = [
    { title: "Charge", flexible: true },
    { title: "Rs", align: "right" as const },
  ];
  return [...head, "", formatTable(columns, rows, { width: terminalWidth() })].join("\n");
}
