/** What a bill was computed from beside kWh: the registers, and that they give what was billed. */
import { measuredOf } from "../../actors/billing/registers.ts";
import type { TariffDocument } from "../../actors/billing/tariff/document.ts";
import type { InvoiceInputs } from "../../protocol/messages/invoice_inputs.ts";

/** Register by register, and what they come to; nothing for a bill by kWh alone. */
export function measuredLines({ measured, opening, account }: InvoiceInputs): string[] {
  if (measured === undefined) return [];
  const { registers, kvah, demand_va, bands } = measured;
  const lines = [...Map.groupBy(registers, ({ obis }) => obis)].map(([obis, readings]) => {
    const unit = `k${readings[0]!.unit}`;
    const first = readings.find(({ read_at_ms }) => read_at_ms === opening.read_at_ms);
    const last = readings.find(({ read_at_ms }) => read_at_ms !== opening.read_at_ms);
    const values = [first, last].flatMap((one) => one === undefined ? [] : [one.value / 1_000]);
    return `${obis}  ${values.join(" to ")} ${unit}`;
  });
  const contract = account.contract_va;
  const sums = [
    ...(kvah === undefined ? [] : [`${kvah} kVAh`]),
    ...(demand_va === undefined ? [] : [`maximum demand ${demand_va / 1_000} kVA`]),
    ...(contract === undefined ? [] : [`contract demand ${contract / 1_000} kVA`]),
  ];
  if (sums.length > 0) lines.push(sums.join(", "));
  if (bands !== undefined) {
    lines.push(Object.entries(bands).map(([name, units]) => `${name} ${units}`).join(", "));
  }
  return lines;
}

/** Whether the kept registers, computed again, give what was billed. */
export function measuredIsThat(document: TariffDocument, inputs: InvoiceInputs): boolean {
  const { measured, meter, opening, closing } = inputs;
  const { meter_id, multiplying_factor } = meter;
  if (measured === undefined) return true;
  const again = measuredOf(
    document,
    { meter_id, multiplying_factor, opening },
    measured.registers,
    inputs,
    closing.read_at_ms,
  );
  const said = (of: typeof measured) => [of.kvah, of.demand_va, Object.entries(of.bands ?? {})];
  return again !== undefined && JSON.stringify(said(again)) === JSON.stringify(said(measured));
}
