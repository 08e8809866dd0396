/**
 * How a bill came about: each line back to the clause of the tariff and to what it was computed from,
 * and each reading back to its frame, the clock of its meter then, and the checks that it passed.
 */
import { CREDIT_ESTIMATED, quoteBill } from "../../actors/billing/bill_quote.ts";
import { unitsOf as unitsBetween } from "../../actors/billing/segments.ts";
import { divideHalfUp } from "../../actors/billing/tariff/rounding.ts";
import { type TariffDocument, tariffDocument } from "../../actors/billing/tariff/document.ts";
import { type CycleRule, MONTHLY } from "../../actors/billing/tariff/months.ts";
import type { Quote } from "../../actors/billing/tariff/quote.ts";
import type { ReadingFlag } from "../../protocol/messages/journal.ts";
import type { InvoiceInputs } from "../../protocol/messages/invoice_inputs.ts";
import { parseOrExplain, z } from "../../protocol/schema.ts";
import { counted } from "../terminal/counted.ts";
import {
  type BillLink,
  type DecisionLink,
  type ExplainLinks,
  type FrameOfReading,
  NO_LINKS,
  readingKey,
  segmentsOf,
} from "./explain_links.ts";
import { measuredIsThat, measuredLines } from "./explain_registers.ts";
import type { InvoiceSheet } from "./invoices.ts";
import { formatRate, formatRupees } from "./money.ts";

/** A reading, and what is known of how it came. */
export interface ReadingTrace extends FrameOfReading {
  readonly read_at_ms: number;
  readonly value_wh: number;
  readonly source: string;
  /** Null for a bill from before it was kept. */
  readonly quality: string | null;
  /** Null for a bill from before they were kept. */
  readonly checks: NonNullable<InvoiceInputs["closing"]["checks"]> | null;
  readonly flags: readonly ReadingFlag[];
  /** The frame is not in the bill's own inputs: the table of readings told it. */
  readonly frame_looked_up: boolean;
  /** What a rule or a person had decided of it when the bill was made; null: nothing. */
  readonly decision: DecisionLink | null;
  /** Of an opening reading: the bill that it closed. */
  readonly closed_bill: BillLink | null;
}

/** What was used on one meter. */
export interface SegmentTrace {
  readonly meter: InvoiceInputs["meter"];
  readonly opening: ReadingTrace;
  readonly closing: ReadingTrace;
  readonly units_kwh: number;
  readonly formula: string;
}

/** What a line is computed from. */
export type LineBasis = "readings" | "days" | "lines" | "bill" | "total";

export interface Explanation {
  readonly number: string;
  readonly account_id: string;
  readonly period: string;
  readonly state: InvoiceSheet["state"];
  readonly issued_at: Date;
  readonly due_on: string;
  readonly void_reason: string | null;
  readonly replaces: BillLink | null;
  readonly replaced_by: BillLink | null;
  readonly final: boolean;
  /** Each meter of the cycle, the one that closes it last. */
  readonly segments: readonly SegmentTrace[];
  readonly units: { readonly kwh: number; readonly formula: string };
  readonly estimate: InvoiceInputs["estimate"] | null;
  /** Of a tariff by more than kWh: its registers, and what they come to. */
  readonly measured: readonly string[];
  /** Estimated bills that are given back, each with its state now. */
  readonly true_up:
    | (Omit<NonNullable<InvoiceInputs["true_up"]>, "estimated"> & {
      readonly estimated: readonly (NonNullable<InvoiceInputs["true_up"]>["estimated"][number] & {
        /** Null where there is no such bill. */
        readonly state: string | null;
      })[];
    })
    | null;
  /** The parts of the cycle, where a rate change split it. */
  readonly parts: Quote["parts"];
  readonly lines: readonly {
    readonly code: string;
    readonly description: string;
    readonly amount_paise: number;
    readonly basis: LineBasis;
    /** How the amount follows from what the bill says elsewhere. */
    readonly formula: string;
    /** The order and page. */
    readonly clause: string;
  }[];
  readonly total_paise: number;
  readonly payable_paise: number;
  readonly balance: InvoiceInputs["balance"] | null;
  /** What was given back of it since, by credit notes. */
  readonly credits: InvoiceSheet["credits"];
  /** The bill, computed once more from its inputs alone, is the same to the paisa. */
  readonly recomputed_equal: boolean;
}

const keptTariff = z.object({ tariff_document: tariffDocument });

/**
 * The explanation of `sheet`, whose inputs as stored are `inputs`. Throws `TerminalError` when they
 * hold no tariff that can be computed again.
 */
export function explain(
  sheet: InvoiceSheet,
  inputs: unknown,
  links: ExplainLinks = NO_LINKS,
): Explanation {
  const { number, account_id, period, state, issued_at, due_on, void_reason } = sheet;
  const kept = parseOrExplain(keptTariff, inputs, `Inputs of bill ${number}`);
  const again = quoteBill(kept.tariff_document, sheet.inputs);
  const segments = segmentsOf(sheet).map((segment) => segmentTrace(segment, sheet, links));
  const { estimate = null, balance = null, final = false, true_up } = sheet.inputs;
  return {
    ...{ number, account_id, period, state, issued_at, due_on, void_reason, final },
    replaces: links.replaces,
    replaced_by: links.replaced_by,
    segments,
    units: unitsOf(sheet, segments),
    estimate,
    measured: measuredLines(sheet.inputs),
    true_up: true_up === undefined ? null : {
      ...true_up,
      estimated: true_up.estimated.map((one) => ({
        ...one,
        state: links.estimated.get(one.number)?.state ?? null,
      })),
    },
    parts: again.parts,
    lines: linesOf(sheet, again, kept.tariff_document),
    total_paise: sheet.total_paise,
    payable_paise: sheet.payable_paise,
    balance,
    credits: sheet.credits,
    recomputed_equal: isEqual(sheet, again) && unitsAreThose(sheet, segments) &&
      measuredIsThat(kept.tariff_document, sheet.inputs),
  };
}

const NO_FRAME: FrameOfReading = {
  ...{ frame_sequence: null, journal_sequence: null, sealed_at_ms: null, arrived_at_ms: null },
  ...{ second_found_s: null, trials: null, clock_quality: null, clock_offset_ms: null },
};

function segmentTrace(
  segment: ReturnType<typeof segmentsOf>[number],
  { inputs }: InvoiceSheet,
  links: ExplainLinks,
): SegmentTrace {
  const { meter, opening, closing, rollover, units_kwh } = segment;
  const [opened, closed] = [opening, closing].map(({ value_wh }) => Math.floor(value_wh / 1_000));
  const factor = meter.multiplying_factor;
  const more = rollover === undefined ? "" : ` + ${rollover.capacity_wh / 1_000} (began anew)`;
  const times = factor === 1 ? "" : `, times ${factor}`;
  // The register of an estimate is made from the units, and not the units from it.
  const estimated = inputs.estimate !== undefined && segment.meter === inputs.meter;
  return {
    meter,
    opening: readingTrace(opening, meter.meter_id, links),
    closing: readingTrace(closing, meter.meter_id, links),
    units_kwh,
    formula: estimated
      ? `${units_kwh} kWh, estimated`
      : `${closed}${more} - ${opened}${times} = ${units_kwh} kWh`,
  };
}

function readingTrace(
  reading: InvoiceInputs["opening"] | InvoiceInputs["closing"],
  meter_id: string,
  links: ExplainLinks,
): ReadingTrace {
  const { read_at_ms, value_wh, source, quality = null, checks = null } = reading;
  const key = readingKey(meter_id, read_at_ms);
  const found = typeof reading.frame_sequence === "number" ? undefined : links.frames.get(key);
  return {
    ...{ read_at_ms, value_wh, source, quality, checks },
    ...frameOf(found ?? reading),
    flags: "flags" in reading ? reading.flags ?? [] : [],
    frame_looked_up: found !== undefined,
    decision: links.decisions.get(key) ?? null,
    closed_bill: links.closed.get(key) ?? null,
  };
}

function frameOf(
  told: { readonly [Field in keyof FrameOfReading]?: FrameOfReading[Field] | undefined },
): FrameOfReading {
  const fields = Object.keys(NO_FRAME) as (keyof FrameOfReading)[];
  return Object.fromEntries(
    fields.map((field) => [field, told[field] ?? null]),
  ) as unknown as FrameOfReading;
}

function unitsOf({ inputs }: InvoiceSheet, segments: readonly SegmentTrace[]) {
  const { units_kwh: kwh, estimate } = inputs;
  if (estimate !== undefined) {
    const units = estimate.months.reduce((sum, month) => sum + month.units_kwh, 0);
    const days = estimate.months.reduce((sum, month) => sum + month.days, 0);
    return { kwh, formula: `${units} kWh in ${days} days, times ${inputs.days} days = ${kwh} kWh` };
  }
  if (segments.length === 1) return { kwh, formula: segments[0]!.formula };
  return { kwh, formula: `${segments.map((one) => one.units_kwh).join(" + ")} = ${kwh} kWh` };
}

/** Whether the readings, or the months of an estimate, computed again give the units that were billed. */
function unitsAreThose({ inputs }: InvoiceSheet, segments: readonly SegmentTrace[]): boolean {
  if (inputs.estimate !== undefined) {
    const { months } = inputs.estimate;
    const [units, days] = [
      months.reduce((sum, month) => sum + month.units_kwh, 0),
      months.reduce((sum, month) => sum + month.days, 0),
    ];
    return divideHalfUp(BigInt(units) * BigInt(inputs.days), days) === inputs.units_kwh;
  }
  const rolled = new Map(
    [...inputs.earlier_meters ?? [], inputs].map(({ meter, rollover }) =>
      [meter.meter_id, rollover?.capacity_wh ?? 0] as const
    ),
  );
  return segments.every(({ meter, opening, closing, units_kwh }) => {
    const closing_wh = closing.value_wh + rolled.get(meter.meter_id)!;
    return unitsBetween(opening.value_wh, closing_wh, meter.multiplying_factor) === units_kwh;
  });
}

function linesOf(sheet: InvoiceSheet, again: Quote, document: TariffDocument) {
  const rule = document.versions.at(-1)!.cycle ?? MONTHLY;
  return sheet.lines.map((line, i) => ({
    code: line.code,
    description: line.description,
    amount_paise: line.amount_paise,
    basis: basisOf(line.code, document),
    formula: formulaOf(line, again.lines[i], sheet, again, rule),
    clause: again.lines[i]?.clause ?? "",
  }));
}

const BASES: Readonly<Record<string, LineBasis>> = {
  per_month: "days",
  per_kw_month: "days",
  bracket_month: "days",
  percentage: "lines",
  power_factor: "lines",
  minimum: "lines",
};

function basisOf(code: string, document: TariffDocument): LineBasis {
  if (code === "rounding") return "total";
  if (code === CREDIT_ESTIMATED) return "bill";
  const charge = document.versions.flatMap(({ charges }) => charges)
    .find((one) => one.code === code);
  return charge === undefined ? "total" : BASES[charge.kind] ?? "readings";
}

function formulaOf(
  line: InvoiceSheet["lines"][number],
  computed: Quote["lines"][number] | undefined,
  sheet: InvoiceSheet,
  again: Quote,
  rule: CycleRule,
): string {
  if (line.units !== null && line.rate !== null) {
    return `${line.units} ${computed?.unit ?? "kWh"} x ${formatRate(line.rate)}`;
  }
  if (line.code === "rounding") return `from ${formatRupees(sheet.total_paise)}`;
  if (computed?.how !== undefined) return computed.how;
  if (again.parts.length > 1) {
    return `its part's share of the cycle of ${counted(again.days, "day")}`;
  }
  const { months, days: { min, max } } = rule;
  if (again.days < min || again.days > max) {
    return `${again.months.toFixed(2)} months (${counted(again.days, "day")})`;
  }
  return `${months === 1 ? "one month" : `${months} months`} (${again.days} days)`;
}

function isEqual(sheet: InvoiceSheet, again: Quote): boolean {
  return sheet.total_paise === again.total_paise && sheet.payable_paise === again.payable_paise &&
    sheet.lines.length === again.lines.length &&
    sheet.lines.every((line, i) =>
      line.code === again.lines[i]!.code && line.amount_paise === again.lines[i]!.amount_paise
    );
}
