/** What a tariff is computed from beside kWh, out of the meter's other registers. */
import { TerminalError } from "../../protocol/errors.ts";
import type { InvoiceInputs } from "../../protocol/messages/invoice_inputs.ts";
import type { InstallationFacts, RegisterReading } from "./facts.ts";
import { unitsOf } from "./segments.ts";
import type { TariffDocument, TariffVersion } from "./tariff/document.ts";
import { inputsOf } from "./tariff/inputs.ts";

/** Apparent energy, imported. */
const KVAH = "1-0:9.8.0";
/** The highest apparent demand since it was last set back: what a charge a kVA is of. */
const DEMAND = "1-0:9.6.0";

/** A register that a bill needs: where its cycle begins and ends, or only where it ends. */
export interface SoughtRegister {
  readonly obis: string;
  readonly at: "both" | "closing";
}

export type Measured = NonNullable<InvoiceInputs["measured"]>;

/** The registers that a bill from one date to another needs beside that of kWh: mostly none. */
export function registersOf(document: TariffDocument, from: string, to: string): SoughtRegister[] {
  const sought = new Map<string, SoughtRegister>();
  for (const version of versionsIn(document, from, to)) {
    const needed = inputsOf(version);
    if (needed.has("kvah") || needed.has("power_factor")) {
      sought.set(KVAH, { obis: KVAH, at: "both" });
    }
    if (needed.has("demand")) {
      const obis = demandRegister(version);
      sought.set(obis, { obis, at: "closing" });
    }
    if (!needed.has("bands")) continue;
    for (const { name, register } of version.time_of_day?.bands ?? []) {
      if (register === undefined) {
        throw new TerminalError(
          `tariff ${document.id} does not say which register counts its band ${name}: ` +
            "name it in the tariff's file",
        );
      }
      sought.set(register, { obis: register, at: "both" });
    }
  }
  return [...sought.values()];
}

function versionsIn({ versions }: TariffDocument, from: string, to: string) {
  return versions.filter(({ effective_from, effective_to }) =>
    effective_from < to && (effective_to === null || effective_to >= from)
  );
}

function demandRegister({ charges }: TariffVersion): string {
  const charge = charges.find(({ kind }) => kind === "demand");
  return (charge?.kind === "demand" ? charge.register : undefined) ?? DEMAND;
}

/**
 * What `readings`, taken at the very moments of the opening and the closing reading, measured between
 * them. Throws `TerminalError` that names the meter and what is missing or wrong: nothing is guessed.
 */
export function measuredOf(
  document: TariffDocument,
  { meter_id, multiplying_factor, opening }: Pick<
    InstallationFacts,
    "meter_id" | "multiplying_factor" | "opening"
  >,
  readings: readonly RegisterReading[],
  use: { readonly from: string; readonly to: string; readonly units_kwh: number },
  closed_at_ms: number,
): Measured | undefined {
  const sought = registersOf(document, use.from, use.to);
  if (sought.length === 0) return undefined;
  const version = versionsIn(document, use.from, use.to).at(-1)!;
  const find = (obis: string, read_at_ms: number, unit: string) => {
    const found = readings.find((one) => one.obis === obis && one.read_at_ms === read_at_ms);
    const where = `register ${obis} of meter ${meter_id} at ${new Date(read_at_ms).toISOString()}`;
    if (found === undefined) {
      throw new TerminalError(
        `tariff ${document.id} needs ${where}, beside its kWh, and there is no such reading`,
      );
    }
    if (found.value === null) {
      throw new TerminalError(`${where} waits for a decision, or is rejected`);
    }
    if (found.unit !== unit) {
      throw new TerminalError(`${where} counts ${found.unit}, and the tariff is of ${unit}`);
    }
    return found.value;
  };
  const between = (obis: string, unit: string) => {
    const [first, last] = [
      find(obis, opening.read_at_ms, unit),
      find(obis, closed_at_ms, unit),
    ];
    if (last < first) {
      throw new TerminalError(`register ${obis} of meter ${meter_id} went back within the cycle`);
    }
    return unitsOf(first, last, multiplying_factor);
  };
  // Each register is cut to whole units by itself, before the factor.
  const step = Math.ceil(multiplying_factor);
  const by = new Set(sought.map(({ obis }) => obis));
  const kvah = by.has(KVAH) ? atLeast(between(KVAH, "VAh"), use.units_kwh, step) : undefined;
  const needed = inputsOf(version);
  const { time_of_day } = version;
  const bands = needed.has("bands") && time_of_day !== undefined
    ? Object.fromEntries(
      time_of_day.bands.map(({ name, register }) =>
        [name, between(register!, time_of_day.measure === "kvah" ? "VAh" : "Wh")] as const
      ),
    )
    : undefined;
  return {
    registers: readings.filter(({ obis }) => by.has(obis)).map((one) => ({
      ...one,
      value: one.value!,
    })),
    ...(kvah === undefined ? {} : { kvah }),
    ...(needed.has("demand")
      ? {
        demand_va: Math.round(
          find(demandRegister(version), closed_at_ms, "VA") * multiplying_factor,
        ),
      }
      : {}),
    ...(bands === undefined ? {} : {
      bands: inSum(bands, time_of_day?.measure === "kvah" ? kvah! : use.units_kwh, step, meter_id),
    }),
  };
}

/** Apparent energy is never less than active; what the cutting of two registers makes it lack is not. */
function atLeast(kvah: number, kwh: number, step: number): number {
  return kvah < kwh && kwh - kvah <= step ? kwh : kvah;
}

/**
 * Bands that are in sum `whole`: what cutting each register to whole units left over, a unit a band at
 * most, is the largest band's. Throws `TerminalError` where they are apart by more.
 */
function inSum(
  bands: Readonly<Record<string, number>>,
  whole: number,
  step: number,
  meter_id: string,
): Record<string, number> {
  const entries = Object.entries(bands);
  const sum = entries.reduce((total, [, units]) => total + units, 0);
  if (Math.abs(whole - sum) > entries.length * step) {
    throw new TerminalError(
      `the registers of the day of meter ${meter_id} sum to ${sum} units, and all are ${whole}: ` +
        "have the meter looked at",
    );
  }
  const [largest] = entries.reduce((a, b) => b[1] > a[1] ? b : a);
  return { ...bands, [largest]: bands[largest]! + whole - sum };
}
