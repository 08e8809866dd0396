/** `samay reading approve|reject --rule RULE --period YYYY-MM`: one word about many readings. */
import type { ManyDecided } from "../validation/many.ts";
import { checkPeriodOption } from "../billing/period_option.ts";
import { type CommandOptions, type ParsedArguments, UsageError } from "./command.ts";
import { counted } from "./counted.ts";
import { givenDeed } from "./given_deed.ts";
import { givenId } from "./given_id.ts";

export const MANY_OPTIONS: CommandOptions = {
  rule: { type: "string", placeholder: "RULE", help: "All that this rule has quarantined ..." },
  period: { type: "string", placeholder: "YYYY-MM", help: "... in this month" },
  meter: { type: "string", placeholder: "METER", help: "With --rule: of one meter alone" },
  "dry-run": { type: "boolean", help: "With --rule: says how many, and decides nothing" },
  yes: { type: "boolean", help: "With --rule: decides about all of them" },
};

export const MANY_HELP = `

With --rule and --period in place of METER TIME it is about all readings that this rule has
quarantined in that month: in one transaction, at most 5,000 of them, the oldest first. Without
--yes it says how many there are, and decides nothing.`;

/** Whether the command is about many readings. Throws `UsageError` where that is not clear. */
export function isMany({ values, positionals }: ParsedArguments): boolean {
  const given = Object.keys(MANY_OPTIONS).filter((name) => values[name] !== undefined);
  if (positionals.length === 2 && given.length === 0) return false;
  if (positionals.length === 0 && values.rule !== undefined && values.period !== undefined) {
    return true;
  }
  throw new UsageError(
    "Name one reading, METER TIME, or many by --rule RULE --period YYYY-MM (and --meter METER)",
  );
}

/** Decides about many: at once with `--yes`, and otherwise says what would be. */
export async function decideAboutMany(
  deed: "approve" | "reject",
  { values }: ParsedArguments,
): Promise<number> {
  const yes = values.yes === true;
  if (yes && values["dry-run"] === true) throw new UsageError("--dry-run or --yes, not both");
  const input = {
    ...{ deed, rule: String(values.rule), period: checkPeriodOption(values.period)! },
    ...(values.meter !== undefined && { meter: givenId("--meter", String(values.meter)) }),
    ...{ dry_run: !yes, ...givenDeed(values.reason) },
  };
  const { askAsOperator } = await import("../office/operator.ts");
  const decided = await askAsOperator("reading-decide-many", input) as ManyDecided;
  console.log(values.json === true ? JSON.stringify(decided) : textOf(deed, decided, yes));
  // Neither asked for nor refused: nothing was decided, and a script must not take it for done.
  return yes || values["dry-run"] === true || decided.readings === 0 ? 0 : 1;
}

const DONE = { approve: "approved", reject: "rejected" } as const;

function textOf(
  deed: "approve" | "reject",
  { readings, meters, left, requeued }: ManyDecided,
  yes: boolean,
): string {
  if (readings === 0) return "No such reading waits in quarantine";
  const what = `${counted(readings, "reading")} of ${counted(meters, "meter")}`;
  const more = left === 0 ? "" : `; ${left} more wait: the same again decides about them`;
  return yes
    ? `${what} ${DONE[deed]}, ${counted(requeued, "bill")} looked at again${more}`
    : `${what} would be ${DONE[deed]}${more}\nNothing is decided: say --yes to do it`;
}
