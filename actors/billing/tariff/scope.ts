/**
 * A bill in two halves: what hangs on use, and what stands whatever is used. A true-up bills the use
 * of its whole span anew, and the standing charges only of the days that no bill has charged yet.
 */
import { TerminalError } from "../../../protocol/errors.ts";
import type { Charge } from "./charge.ts";

export type ChargeScope = "use" | "standing";

const STANDING: ReadonlySet<Charge["kind"]> = new Set([
  "per_month",
  "per_kw_month",
  "bracket_month",
  "demand",
]);

/**
 * The charges of `scope`, in the order of the tariff. A percentage is in both halves where it is of
 * charges of both: each takes its own. Throws `TerminalError` for a minimum: it looks at all charges
 * of a bill together, and nothing says which half of it is given back.
 */
export function chargesOf(
  charges: readonly Charge[],
  scope: ChargeScope | undefined,
): readonly Charge[] {
  if (scope === undefined) return charges;
  const codes = new Set<string>();
  return charges.filter((charge) => {
    const kept = isIn(charge, scope, codes);
    if (kept) codes.add(charge.code);
    return kept;
  });
}

function isIn(charge: Charge, scope: ChargeScope, codes: ReadonlySet<string>): boolean {
  if (charge.kind === "minimum") {
    throw new TerminalError(
      `${charge.description}: a minimum charge cannot be estimated and trued up by parts; ` +
        "settle it by hand",
    );
  }
  if (charge.kind === "percentage" || charge.kind === "power_factor") {
    return charge.of.some((code) => codes.has(code));
  }
  return STANDING.has(charge.kind) === (scope === "standing");
}
