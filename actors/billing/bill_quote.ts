/** A bill's question to the tariff: what billing knows of an account, and nothing else. */
import { TerminalError } from "../../protocol/errors.ts";
import type { InvoiceInputs } from "../../protocol/messages/invoice_inputs.ts";
import type { TariffDocument } from "./tariff/document.ts";
import { InputsMissing, namesOf } from "./tariff/inputs.ts";
import { type Quote, quote } from "./tariff/quote.ts";

export type BilledUse = Pick<InvoiceInputs, "from" | "to" | "units_kwh" | "account">;

/**
 * What `use` costs under `document`: the same for a bill that is made and for one that is explained.
 * Throws as `quote()` does, and `TerminalError` where the tariff needs what the account has not.
 */
export function quoteBill(document: TariffDocument, use: BilledUse): Quote {
  const { from, to, units_kwh, account } = use;
  const { phase, municipal, sanctioned_load_w } = account;
  try {
    return quote(document, {
      from,
      to,
      units: units_kwh,
      phase,
      municipal,
      fac_rates: [],
      // A load of 0 is one that nobody has told.
      sanctioned_w: sanctioned_load_w === 0 ? undefined : sanctioned_load_w,
    });
  } catch (error) {
    if (!(error instanceof InputsMissing)) throw error;
    const { inputs } = error;
    const remedy = inputs.every((input) => input === "sanctioned")
      ? "enrol its meter once more with the load"
      : "readings of kWh do not tell it, and such an account cannot be billed yet";
    throw new TerminalError(
      `tariff ${document.id} needs ${
        namesOf(inputs)
      }, which account ${account.id} does not have: ` +
        remedy,
    );
  }
}
