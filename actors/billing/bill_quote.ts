/** A bill's question to the tariff: what billing knows of an account, and nothing else. */
import { TerminalError } from "../../protocol/errors.ts";
import type { InvoiceInputs } from "../../protocol/messages/invoice_inputs.ts";
import { dayOf } from "./tariff/dates.ts";
import type { TariffDocument } from "./tariff/document.ts";
import { InputsMissing, inputsOf, namesOf } from "./tariff/inputs.ts";
import { type Quote, quote, type QuoteLine, roundingLine } from "./tariff/quote.ts";
import type { ChargeScope } from "./tariff/scope.ts";
import { settlementAmounts } from "./tariff/settlement.ts";
import { shareByDays } from "./tariff/shares.ts";

export type BilledUse = Pick<
  InvoiceInputs,
  "from" | "to" | "units_kwh" | "account" | "true_up" | "fac" | "measured"
>;

/** The code of a line that gives an estimated bill back. */
export const CREDIT_ESTIMATED = "credit_estimated";

/**
 * What `use` costs under `document`: the same for a bill that is made and for one that is explained.
 * Throws as `quote()` does, and `TerminalError` where the tariff needs what the account has not. The
 * total of a true-up is below zero where more was estimated than was used.
 */
export function quoteBill(document: TariffDocument, use: BilledUse): Quote {
  return use.true_up === undefined
    ? quoteScope(document, use)
    : quoteTrueUp(document, use, use.true_up);
}

/**
 * What an estimated bill of `use` charges whatever is used: the fixed charge and the duty on it. It
 * stands; all else is given back by the bill of the next actual reading.
 */
export function standingPaise(document: TariffDocument, use: BilledUse): number {
  return quoteScope(document, use, "standing").total_paise;
}

/** The use of the whole span, the standing charges from where none were charged, less estimates. */
function quoteTrueUp(
  document: TariffDocument,
  use: BilledUse,
  { estimated_to, estimated }: NonNullable<BilledUse["true_up"]>,
): Quote {
  const span = quoteScope(document, use, "use");
  const days = [dayOf(estimated_to) - dayOf(use.from), dayOf(use.to) - dayOf(estimated_to)];
  const own = quoteScope(document, {
    ...use,
    from: estimated_to,
    // A fixed charge by brackets asks how much was used in its own days.
    units_kwh: shareByDays(use.units_kwh, days)[1]!,
  }, "standing");
  const credits = estimated.map(({ number, units_kwh, credited_paise }): QuoteLine => ({
    code: CREDIT_ESTIMATED,
    description: `Credit of estimated bill ${number}, ${units_kwh} kWh`,
    units: null,
    rate: null,
    amount_paise: -credited_paise,
    how: "all its lines but the fixed charge and the duty on it, less its credit notes",
    clause: `bill ${number}`,
  }));
  const standing = own.lines.slice(0, -1).map((line) => ({
    ...line,
    description: own.parts.length > 1
      ? line.description
      : `${line.description} (${estimated_to} to ${use.to})`,
    how: line.how ?? `its share of ${own.days} days, ${own.months.toFixed(2)} months`,
  }));
  const lines = [...span.lines.slice(0, -1), ...standing, ...credits];
  const total_paise = lines.reduce((sum, line) => sum + line.amount_paise, 0);
  const closing = document.versions.find(({ effective_from }) =>
    effective_from === span.parts.at(-1)!.effective_from
  )!;
  const rounding = roundingLine(closing, total_paise);
  return {
    ...span,
    lines: [...lines, rounding],
    total_paise,
    rounding_paise: rounding.amount_paise,
    payable_paise: total_paise + rounding.amount_paise,
    settlement: settlementAmounts(closing.settlement ?? [], lines, Math.max(0, total_paise)),
  };
}

function quoteScope(document: TariffDocument, use: BilledUse, scope?: ChargeScope): Quote {
  const { from, to, units_kwh, account, fac, measured } = use;
  const { phase, municipal, sanctioned_load_w } = account;
  try {
    return quote(document, {
      from,
      to,
      units: units_kwh,
      phase,
      municipal,
      fac_rates: [],
      fac_changes: fac,
      kvah: measured?.kvah,
      demand_va: measured?.demand_va,
      bands: measured?.bands,
      // Known of a connection, whatever its tariff asks.
      contract_va: document.versions.some((version) => inputsOf(version).has("contract"))
        ? account.contract_va
        : undefined,
      // A load of 0 is one that nobody has told.
      sanctioned_w: sanctioned_load_w === 0 ? undefined : sanctioned_load_w,
      scope,
    });
  } catch (error) {
    if (!(error instanceof InputsMissing)) throw error;
    const { inputs } = error;
    const remedy = inputs.every((input) => input === "sanctioned" || input === "contract")
      ? "enrol its meter once more with the load, or the contract demand"
      : "kWh alone do not tell it: it takes readings of these registers, and no estimate";
    throw new TerminalError(
      `tariff ${document.id} needs ${
        namesOf(inputs)
      }, which account ${account.id} does not have: ` +
        remedy,
    );
  }
}
