/** Samples as a table that people see at a glance. */
import type { Judged, Sample } from "./verdict.ts";

const BARS = "▁▂▃▄▅▆▇█";
const WIDTH = 48;

/** `values` in `WIDTH` places at most, each the highest of its share, from zero up. */
export function sparkline(values: readonly number[]): string {
  const width = Math.min(WIDTH, values.length);
  const highest = Math.max(...values, Number.MIN_VALUE);
  return Array.from({ length: width }, (_, place) => {
    const from = Math.floor(place * values.length / width);
    const to = Math.max(from + 1, Math.floor((place + 1) * values.length / width));
    const share = Math.max(...values.slice(from, to)) / highest;
    return BARS[Math.min(BARS.length - 1, Math.floor(share * BARS.length))];
  }).join("");
}

/** One line a measure: its course, the least, the most, the last. */
export function pictureOf(samples: readonly Sample[]): string {
  const rows: [string, number[]][] = Object.keys(samples.at(-1)?.memory_mb ?? {}).map((part) => [
    `${part}, MB`,
    samples.map(({ memory_mb }) => memory_mb[part] ?? 0),
  ]);
  rows.push(
    ["frames waiting", samples.map(({ lag_frames }) => lag_frames)],
    ["records waiting", samples.map(({ lag_records }) => lag_records)],
    ["rows a second", speedOf(samples, ({ rows }) => rows)],
    ["broker's disk, MB", samples.map(({ broker_disk_mb }) => broker_disk_mb)],
    ["database's disk, MB", samples.map(({ database_disk_mb }) => database_disk_mb)],
  );
  const whole = (value: number) => Math.round(value).toLocaleString("en-IN");
  const cells = rows.map(([name, values]) => [
    ...[name, sparkline(values)],
    ...[Math.min(...values), Math.max(...values), values.at(-1) ?? 0].map(whole),
  ]);
  return columns([["", "", "least", "most", "last"], ...cells]);
}

/** Each part's share of a core, between the first sample and the last. */
export function coresOf(samples: readonly Sample[]): Record<string, number> {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.at_s === first.at_s) return {};
  return Object.fromEntries(
    Object.entries(last.cpu_s).map(([part, cpu_s]) => [
      part,
      Number(((cpu_s - (first.cpu_s[part] ?? 0)) / (last.at_s - first.at_s)).toFixed(3)),
    ]),
  );
}

export function verdictText(judged: readonly Judged[]): string {
  return judged.map(({ rule, holds, found }) => `${holds ? "ok  " : "FAIL"} ${rule}: ${found}`)
    .join("\n");
}

function speedOf(samples: readonly Sample[], of: (sample: Sample) => number): number[] {
  return samples.slice(1).map((sample, i) =>
    (of(sample) - of(samples[i]!)) / (sample.at_s - samples[i]!.at_s)
  );
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)));
  return rows.map((row) =>
    row.map((cell, i) => i < 2 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!)).join("  ")
      .trimEnd()
  ).join("\n");
}
