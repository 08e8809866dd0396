/** The explanation of a bill as text, for `bill explain`. */
import { FLAG_WORDS } from "../../protocol/messages/journal.ts";
import { inIndia } from "../../protocol/indian_time.ts";
import { counted } from "../terminal/counted.ts";
import { formatTable } from "../terminal/table.ts";
import type { Explanation } from "./explain.ts";
import { formatRupees } from "./money.ts";

/** Readings, units, parts, and each line with its clause. `width` is in columns of the terminal. */
export function explanationText(of: Explanation, width: number): string {
  const { opening, closing, meter, units, parts } = of;
  const text = [
    `Bill ${of.number}: account ${of.account_id}, ${of.period}`,
    "",
    `Opening  ${readingText(opening)}`,
    `Closing  ${readingText(closing)}`,
    ...marksOf(closing),
    ...provenance(closing).map((line) => `         ${line}`),
    `Units    ${units.formula} (whole units of each register, meter ${meter.meter_id})`,
  ];
  if (parts.length > 1) {
    text.push("", "The rates changed within the cycle:");
    for (const part of parts) {
      text.push(
        `  ${part.from} to ${part.to}: ${counted(part.days, "day")}, ${
          part.months.toFixed(2)
        } months, ` +
          `${part.units} kWh under the rates from ${part.effective_from}`,
      );
    }
  }
  const rows = of.lines.map((line) => [
    line.description,
    line.formula,
    formatRupees(line.amount_paise),
    line.clause,
  ]);
  const columns = [
    { title: "Line" },
    { title: "How" },
    { title: "Rs", align: "right" as const },
    { title: "Clause", flexible: true },
  ];
  text.push("", formatTable(columns, rows, { width }), "");
  text.push(`To pay ${formatRupees(of.payable_paise)} rupees`);
  text.push(
    of.recomputed_equal
      ? "Computed again from its kept inputs: the same, to the paisa"
      : "Computed again from its kept inputs: NOT the same; void it and bill anew",
  );
  return text.join("\n");
}

function readingText(reading: Explanation["opening"] | Explanation["closing"]): string {
  const at = inIndia(reading.read_at_ms);
  return `${(reading.value_wh / 1000).toFixed(3)} kWh, ${at}, from ${
    reading.source === "frame" ? "a sealed frame" : reading.source
  }`;
}

/** What the bill was issued in spite of. */
function marksOf({ flags = [] }: Explanation["closing"]): string[] {
  return flags.map((flag) =>
    `         marked ${flag}: ${FLAG_WORDS[flag]}; have the meter looked at`
  );
}

function provenance(closing: Explanation["closing"]): string[] {
  if (closing.frame_sequence === null) return [];
  const lines = [
    `frame ${closing.frame_sequence} in FRAMES, journal record ${closing.journal_sequence}`,
  ];
  if (closing.second_found_s !== null) {
    const second = inIndia(closing.second_found_s * 1000);
    lines.push(
      `opened with the key of ${second} (second ${closing.second_found_s}), ` +
        `trial ${closing.trials}, clock quality ${closing.clock_quality}`,
    );
  }
  return lines;
}
