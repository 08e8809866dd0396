/** One reading for a terminal. */
import type { ReadingCheck } from "../../protocol/messages/invoice_inputs.ts";
import { inIndia } from "../../protocol/indian_time.ts";
import { formatTable } from "../terminal/table.ts";

/** As it comes over the wire. */
export interface ReadingSheet {
  readonly reading: {
    readonly meter_id: string;
    readonly read_at: string;
    readonly raw_value: number | null;
    readonly value: number | null;
    readonly status: string;
    readonly quality: string;
    readonly source: string;
    readonly journal_sequence: number | null;
    readonly arrived_at: string | null;
  };
  readonly checks: readonly ReadingCheck[];
  readonly decisions: readonly {
    readonly decided_at: string;
    readonly status: string;
    readonly quality: string;
    readonly value: number | null;
    readonly rule: string;
    readonly detail: string;
    readonly decided_by: string;
    readonly reason: string | null;
  }[];
  readonly conflicts: readonly { readonly value: number; readonly journal_sequence: number }[];
}

const kwh = (wh: number | null) => wh === null ? "nothing" : `${(wh / 1000).toFixed(3)} kWh`;
const OUTCOMES = { passed: "passed", failed: "FAILED", not_applicable: "-" } as const;

/** What was measured, every rule, and every decision, oldest first. */
export function showText(sheet: ReadingSheet, width: number): string {
  const { reading, checks, decisions, conflicts } = sheet;
  const lines = [
    `Meter ${reading.meter_id} at ${inIndia(reading.read_at)}: ${kwh(reading.raw_value)} measured`,
    reading.status === "accepted"
      ? `Billed as ${kwh(reading.value)}, ${reading.quality}`
      : `Not billed: ${reading.status}`,
  ];
  if (reading.journal_sequence !== null && reading.arrived_at !== null) {
    lines.push(
      `Arrived at ${inIndia(reading.arrived_at)}, JOURNAL sequence ${reading.journal_sequence}`,
    );
  }
  for (const { value, journal_sequence } of conflicts) {
    lines.push(`Also told for that moment: ${kwh(value)}, JOURNAL sequence ${journal_sequence}`);
  }
  if (checks.length > 0) lines.push("", checksTable(checks, width));
  if (decisions.length > 0) lines.push("", "Decisions:");
  for (const one of decisions) {
    const value = one.value === null ? "" : `, ${kwh(one.value)} ${one.quality}`;
    const why = one.reason === null ? `${one.rule}: ${one.detail}` : `${one.detail}: ${one.reason}`;
    lines.push(
      `  ${inIndia(one.decided_at)}  ${one.status}${value}, by ${one.decided_by} (${why})`,
    );
  }
  return lines.join("\n");
}

function checksTable(checks: readonly ReadingCheck[], width: number): string {
  return formatTable(
    [{ title: "Rule" }, { title: "Outcome" }, { title: "What it found", flexible: true }],
    checks.map(({ rule, outcome, detail }) => [rule, OUTCOMES[outcome], detail]),
    { width },
  );
}
