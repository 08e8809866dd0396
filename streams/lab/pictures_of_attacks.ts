/** Charts of forgeries and keys: lines are the law, marks are what was counted. */
import { forgeryProbability } from "../../protocol/paper/condition.ts";
import { TIME_KEYS_A_DAY } from "../../protocol/paper/paper_time.ts";
import { type ChartOption, renderChart } from "./chart.ts";
import {
  axis,
  frame,
  HEIGHT,
  law,
  marks,
  percents,
  type Point,
  text,
  WIDTH,
} from "./chart_parts.ts";
import { PAPER_WINDOW_S } from "./measure_condition.ts";
import { CHECK_BITS, FORGERIES } from "./measure_forgery.ts";
import { COLOURS, MARKS } from "./palette.ts";
import type { LabResult } from "./result.ts";
import { TITLES } from "./systems.ts";

/** Shapes and colours for 1, 8 and 64 forgeries. */
const FORGERY_MARKS = [
  { symbol: "circle", colour: COLOURS.blue, label: { at: 14, place: [-66, 10] } },
  { symbol: "rect", colour: COLOURS.orange, label: { at: 26, place: [-86, 10] } },
  { symbol: "triangle", colour: COLOURS.red, label: { at: 38, place: [8, -16] } },
] as const;

/** The chance that a forged frame passes, against the length of the check. */
export function forgeryPicture(result: LabResult): string {
  const candidates = 2 * PAPER_WINDOW_S + 1;
  const fine = Array.from({ length: 57 }, (_, i) => 2 + i / 4);
  const name = (q: number) => `${q} forged ${q === 1 ? "frame" : "frames"}`;
  const series = FORGERIES.flatMap((q, i) => {
    const { symbol, colour } = FORGERY_MARKS[i]!;
    const curve = fine.map((b): Point => [b, 100 * forgeryProbability(b, candidates, q)]);
    const points = result.forgery.points.filter(({ forgeries }) => forgeries === q)
      .map(({ check_bits, measured }): Point => [check_bits, 100 * measured]);
    return [law(curve), marks(name(q), symbol, colour, points, 12)];
  });
  const x = axis("bits of the check", 38, {
    type: "value",
    min: 1,
    max: 17,
    interval: 1,
    axisLabel: {
      ...text,
      fontSize: 13,
      formatter: (b: number) => CHECK_BITS.includes(b as typeof CHECK_BITS[number]) ? `${b}` : "",
    },
    splitLine: { show: false },
  });
  const y = axis("at least one passes", 56, {
    type: "value",
    min: 0,
    max: 100,
    axisLabel: percents,
  });
  return renderChart(frame(x, y, series, ["law", ...FORGERIES.map(name)]), WIDTH, HEIGHT);
}

/** How many keys an attacker must try who knows one packet's text: in powers of two. */
export function keysPicture(result: LabResult): string {
  const printable = result.knownPlaintext.caesar.alphabets.find((one) =>
    one.alphabet === "printable"
  )!;
  const bars = [
    { name: "tves2", bits: 256, says: "2^256: the meter's own key of 32 bytes" },
    {
      name: "aes",
      bits: Math.log2(TIME_KEYS_A_DAY),
      says: `${TIME_KEYS_A_DAY.toLocaleString("en")}: the seconds of a day`,
    },
    { name: "caesar", bits: Math.log2(printable.size), says: `${printable.size} shifts` },
  ] as const;
  const option: ChartOption = {
    backgroundColor: COLOURS.paper,
    textStyle: text,
    grid: { left: 150, right: 40, top: 24, bottom: 62 },
    xAxis: axis("keys there are, as a power of two", 38, {
      type: "value",
      min: 0,
      max: 256,
      interval: 32,
    }),
    yAxis: {
      type: "category",
      data: bars.map(({ name }) => TITLES[name]),
      axisLabel: text,
      axisTick: { show: false },
      axisLine: { lineStyle: { color: COLOURS.muted } },
    },
    series: [{
      type: "bar",
      emphasis: { disabled: true },
      barWidth: 30,
      data: bars.map(({ name, bits, says }) => ({
        value: bits,
        itemStyle: { color: MARKS[name].colour },
        label: {
          ...text,
          show: true,
          formatter: says,
          ...(bits > 128
            ? { position: "insideLeft", color: COLOURS.paper, fontWeight: 600 }
            : { position: "right" }),
        },
      })),
    }],
  };
  return renderChart(option, WIDTH, 260);
}
