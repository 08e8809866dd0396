/** One reading of a bill in words: its frame, its meter's clock then, and the checks it passed. */
import { FLAG_WORDS } from "../../protocol/messages/journal.ts";
import { indianTimeOf, inIndia } from "../../protocol/indian_time.ts";
import type { FrameCheck } from "../office/bill_verify.ts";
import type { ReadingTrace } from "./explain.ts";

const SOURCES: Readonly<Record<string, string>> = {
  frame: "from a sealed frame",
  import: "from an imported file",
  installation: "noted when the meter was put up",
  removal: "noted when the meter was taken down",
  estimate: "estimated: no reading",
};

const CLOCKS = ["unsynchronised", "in holdover", "synchronised", "synchronised, authenticated"];

/** A heading, and the lines that hang below it. */
export function readingLines(reading: ReadingTrace, frames: readonly FrameCheck[]): string[] {
  const { value_wh, read_at_ms, source, quality, closed_bill } = reading;
  const kind = quality === null || quality === "measured" ? "" : `, ${quality}`;
  const lines = [
    `${(value_wh / 1_000).toFixed(3)} kWh at ${inIndia(read_at_ms)}, ${
      SOURCES[source] ?? source
    }${kind}`,
  ];
  if (closed_bill !== null) lines.push(`it closed bill ${closed_bill.number}`);
  return [
    ...[...lines, ...frameLines(reading), ...decisionLines(reading)],
    ...[...checkLines(reading), ...frames.map(verified)],
  ];
}

/** Who put the value there, why, and what the meter had said. */
function decisionLines({ decision, value_wh }: ReadingTrace): string[] {
  if (decision === null) return [];
  const { quality, rule, detail, decided_by, reason, decided_at, raw_value_wh } = decision;
  const why = reason ?? detail;
  const at = inIndia(Number(new Date(decided_at)));
  const by = rule === decided_by || rule === "person"
    ? decided_by
    : `${decided_by}, rule ${rule.replaceAll("_", " ")}`;
  const lines = [`decided: ${quality}, by ${by}, ${at}${why === "" ? "" : `: ${why}`}`];
  if (raw_value_wh === null) lines.push("the meter gave no reading at that time");
  else if (raw_value_wh !== value_wh) {
    lines.push(`the meter had said ${(raw_value_wh / 1_000).toFixed(3)} kWh`);
  }
  return lines;
}

function frameLines(reading: ReadingTrace): string[] {
  const { frame_sequence, journal_sequence, sealed_at_ms, arrived_at_ms } = reading;
  if (frame_sequence === null) return [];
  const lines = [
    `frame ${frame_sequence} in FRAMES, journal record ${journal_sequence}` +
    (reading.frame_looked_up ? " (by the table of readings)" : ""),
  ];
  if (sealed_at_ms !== null && arrived_at_ms !== null) {
    lines.push(`sealed ${clockTime(sealed_at_ms)}, arrived ${clockTime(arrived_at_ms)}`);
  }
  if (reading.second_found_s !== null) {
    lines.push(
      `opened with the key of second ${reading.second_found_s} (${
        indianTimeOf(reading.second_found_s * 1_000)
      }), trial ${reading.trials}`,
    );
  }
  const clock = clockText(reading);
  return clock === "" ? lines : [...lines, clock];
}

function clockTime(at_ms: number): string {
  return `${indianTimeOf(at_ms)}.${String(at_ms % 1_000).padStart(3, "0")}`;
}

/** What the meter's clock was off then: with the way in it, for nobody can tell the two apart here. */
function clockText({ clock_offset_ms, clock_quality }: ReadingTrace): string {
  const parts: string[] = [];
  if (clock_offset_ms !== null) {
    const off = `${(Math.abs(clock_offset_ms) / 1_000).toFixed(3)} s`;
    const side = clock_offset_ms > 0 ? "ahead of" : "behind";
    parts.push(
      clock_offset_ms === 0
        ? "its clock agreed with ours"
        : `its clock was ${off} ${side} ours, the way included`,
    );
  }
  if (clock_quality !== null) parts.push(`the clock ${CLOCKS[clock_quality]}`);
  return parts.join("; ");
}

function checkLines({ checks, flags }: ReadingTrace): string[] {
  const lines = flags.map((flag) =>
    `marked ${flag}: ${FLAG_WORDS[flag]}; have the meter looked at`
  );
  if (checks === null) return lines;
  const named = (outcome: string) => checks.filter((one) => one.outcome === outcome);
  for (const { rule, detail } of named("failed")) lines.push(`FAILED ${rule}: ${detail}`);
  const passed = named("passed");
  if (passed.length > 0) {
    lines.push(`passed ${passed.map(({ rule }) => rule.replaceAll("_", " ")).join(", ")}`);
  }
  const others = named("not_applicable");
  if (others.length > 0) {
    lines.push(`did not apply: ${others.map(({ rule }) => rule.replaceAll("_", " ")).join(", ")}`);
  }
  return lines;
}

function verified({ outcome, text }: FrameCheck): string {
  return `${
    outcome === "same" ? "VERIFIED" : outcome === "gone" ? "not verified" : "DIFFERS"
  }: ${text}`;
}
