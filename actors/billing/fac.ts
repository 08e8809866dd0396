/** Fuel adjustment (FAC): published for a month, and billed with the bill of that month. */
import { TerminalError } from "../../protocol/errors.ts";
import type { InvoiceInputs } from "../../protocol/messages/invoice_inputs.ts";
import { datePlus, periodAfter } from "./calendar.ts";
import type { CycleFacts } from "./facts.ts";
import type { Charge } from "./tariff/charge.ts";
import type { TariffDocument, TariffVersion } from "./tariff/document.ts";
import { FAC_RATE_MAX } from "./tariff/request.ts";

/**
 * The fuel adjustment of a bill: that of its own month for all its days. The days of estimated bills
 * that it trues up have that of the month that each was for. Undefined where none was given.
 */
export function facOf(
  { fac, open_estimates }: CycleFacts,
  month: string,
  from: string,
  trues_up: boolean,
): InvoiceInputs["fac"] {
  const spans = trues_up
    ? [
      ...open_estimates.map(({ period, from }) => ({ month: period, from })),
      ...open_estimates.slice(-1).map(({ to }) => ({ month, from: to })),
    ]
    : [{ month, from }];
  const published = spans.map((span) => {
    const found = fac.find((one) => one.month === span.month);
    return { ...span, rates: [...found?.rates ?? []], source: found?.source ?? null };
  });
  return published.some(({ rates }) => rates.length > 0) ? published : undefined;
}

/**
 * Throws `TerminalError` unless `rates` can be the fuel adjustment of `month` under `document`: one
 * for every slab, or one a slab, in each version that is in force on some day of it.
 */
export function checkFac(
  document: TariffDocument,
  month: string,
  rates: readonly number[],
): void {
  const [first, last] = [`${month}-01`, datePlus(`${periodAfter(month)}-01`, -1)];
  const versions = document.versions.filter(({ effective_from, effective_to }) =>
    effective_from <= last && (effective_to === null || effective_to >= first)
  );
  if (versions.length === 0) throw new TerminalError(`Tariff ${document.id} knows no ${month}`);
  if (rates.length === 0) throw new TerminalError("Give one rate for all slabs, or one a slab");
  for (const rate of rates) {
    if (!Number.isSafeInteger(rate) || rate < 0 || rate > FAC_RATE_MAX) {
      throw new TerminalError(
        `FAC of ${rate / 10_000} rupees a unit: from 0 to ${FAC_RATE_MAX / 10_000}`,
      );
    }
  }
  for (const version of versions) checkCount(document.id, version, rates.length);
}

function checkCount(tariff: string, { charges, effective_from }: TariffVersion, count: number) {
  const adjusted = charges.filter((charge) => charge.kind === "slab_adjustment");
  if (adjusted.length === 0) {
    throw new TerminalError(`Tariff ${tariff} from ${effective_from} has no fuel adjustment`);
  }
  for (const { slabs_of } of adjusted) {
    const slabs = slabsOf(charges.find(({ code }) => code === slabs_of));
    if (count === 1 || count === slabs) continue;
    const fit = slabs === 1 ? "give one" : `give one for all, or ${slabs} in their order`;
    throw new TerminalError(
      `${count} FAC rates for ${slabs} ${
        slabs === 1 ? "slab" : "slabs"
      } of ${tariff} from ${effective_from}: ${fit}`,
    );
  }
}

function slabsOf(charge: Charge | undefined): number {
  return charge?.kind === "slabs" ? charge.slabs.length : 1;
}
