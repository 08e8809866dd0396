/** Whether bills are made by a tariff: a quote may leave out what its source does not state, a bill may not. */
import type { TariffDocument } from "./document.ts";

/**
 * Why no bill is made by `document`, in one sentence without its end; null where it bills. Of the
 * version of `date`, else of the newest one.
 */
export function whyBillsNobody(document: TariffDocument, date: string): string | null {
  if (document.example_only !== undefined) {
    return `tariff ${document.id} bills nobody: ${document.example_only}`;
  }
  const version =
    document.versions.find(({ effective_from, effective_to }) =>
      effective_from <= date && (effective_to === null || effective_to >= date)
    ) ?? document.versions.at(-1)!;
  return version.not_stated === undefined ? null : notWhole(document.id);
}

/** Of a tariff with something that its source does not state. */
export function notWhole(tariff_id: string): string {
  return `tariff ${tariff_id} is not whole and bills nobody: complete its file by the utility's ` +
    `order and take the notes out of not_stated (they stand in: samay tariff show ${tariff_id})`;
}
