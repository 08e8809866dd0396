/** The lab's charts: lines are the law, marks are what was counted. */
import {
  expectedTrials,
  firstRightApproximation,
  firstRightProbability,
  forgeryProbability,
  linearOrder,
  nearestOrder,
} from "../../protocol/paper/condition.ts";
import { normal } from "../../protocol/paper/distribution.ts";
import { TIME_KEYS_A_DAY } from "../../protocol/paper/paper_time.ts";
import { type ChartOption, renderChart } from "./chart.ts";
import { PAPER_WINDOW_S, WIDEST_S } from "./measure_condition.ts";
import { CHECK_BITS, FORGERIES } from "./measure_forgery.ts";
import { COLOURS, FONT, MARKS } from "./palette.ts";
import type { LabResult, ScenarioResult } from "./result.ts";
import { SYSTEMS, TITLES } from "./systems.ts";

const WIDTH = 760;
const HEIGHT = 430;
/** Marks of the systems stand side by side, in parts of a step of the axis. */
const SIDE_BY_SIDE = 0.13;

const text = { color: COLOURS.ink, fontFamily: FONT, fontSize: 14 };
const nameStyle = { ...text, color: COLOURS.muted };

function axis(name: string, gap: number, more: Record<string, unknown>) {
  return {
    name,
    nameLocation: "middle",
    nameGap: gap,
    nameTextStyle: nameStyle,
    axisLabel: { ...text, fontSize: 13 },
    axisLine: { show: true, onZero: false, lineStyle: { color: COLOURS.muted } },
    axisTick: { lineStyle: { color: COLOURS.muted } },
    splitLine: { lineStyle: { color: COLOURS.grid } },
    minorTick: { show: false },
    ...more,
  };
}

function frame(xAxis: unknown, yAxis: unknown, series: unknown[], legend: readonly string[]) {
  return {
    backgroundColor: COLOURS.paper,
    textStyle: text,
    grid: { left: 76, right: 34, top: 58, bottom: 66 },
    legend: {
      data: legend.map((name) => LINES.includes(name) ? { name, icon: SHORT_LINE } : { name }),
      top: 12,
      left: 70,
      itemGap: 26,
      itemWidth: 15,
      itemHeight: 13,
      textStyle: text,
      selectedMode: false,
    },
    xAxis,
    yAxis,
    series,
  } as ChartOption;
}

/** A dash for the legend: a law is a line without marks. */
const LINES: readonly string[] = ["law", "rule of thumb"];
const SHORT_LINE = "path://M0,5 L15,5 L15,8 L0,8 Z";

type Point = readonly [number, number];

/** A law: a plain line, with its name written at one of its points. */
function law(
  points: readonly Point[],
  label?: { readonly at: number; readonly text: string; readonly place: string | number[] },
  more: Record<string, unknown> = {},
) {
  return {
    name: "law",
    type: "line",
    symbol: "none",
    lineStyle: { color: COLOURS.muted, width: 2 },
    itemStyle: { color: COLOURS.muted },
    data: points.map((value, i) =>
      i !== label?.at ? { value } : {
        value,
        symbol: "circle",
        symbolSize: 1,
        label: { ...text, show: true, formatter: label.text, position: label.place },
      }
    ),
    showSymbol: true,
    silent: true,
    z: 2,
    ...more,
  };
}

function marks(name: string, symbol: string, colour: string, points: readonly Point[], size = 9) {
  return {
    name,
    type: "scatter",
    symbol,
    symbolSize: size,
    itemStyle: { color: colour, opacity: 0.9, borderColor: COLOURS.paper, borderWidth: 1 },
    data: points,
    z: 3,
  };
}

const percents = { formatter: "{value} %", ...text, fontSize: 13 };

const centred = (result: LabResult) => result.scenarios.filter((one) => one.centred);

/** Where the name of each curve has room: at this window, on this side. */
const CURVE_LABELS: Readonly<Record<string, { readonly at: number; readonly place: number[] }>> = {
  "0.5": { at: 0, place: [-72, -10] },
  "1": { at: 0, place: [-66, -12] },
  "2": { at: 0, place: [-66, -8] },
  "4": { at: 4, place: [14, 6] },
  "8": { at: 7, place: [14, 8] },
};

/** The share of frames that open against the window, for five clocks. */
export function conditionPicture(result: LabResult): string {
  const shown = centred(result).filter(({ sigma_s }) => String(sigma_s) in CURVE_LABELS);
  const laws = shown.map(({ condition, sigma_s }) => {
    const label = CURVE_LABELS[String(sigma_s)]!;
    const points = condition.map(({ window_s, predicted }): Point => [window_s, 100 * predicted]);
    return law(points, { ...label, text: `σ = ${sigma_s} s` });
  });
  const measured = SYSTEMS.map((name, i) =>
    marks(
      TITLES[name],
      MARKS[name].symbol,
      MARKS[name].colour,
      shown.flatMap(({ condition }) =>
        condition.map(({ window_s, measured }): Point => [
          window_s + (i - 1) * SIDE_BY_SIDE,
          100 * measured[name].measured,
        ])
      ),
    )
  );
  const x = axis("window W: seconds tried to either side of T", 38, {
    type: "value",
    min: -2,
    max: WIDEST_S + 1,
    interval: 1,
    axisLabel: {
      ...text,
      fontSize: 13,
      formatter: (w: number) => w >= 0 && w <= WIDEST_S ? String(w) : "",
    },
    axisTick: { show: false },
    splitLine: { show: false },
  });
  const y = axis("frames that open", 56, { type: "value", min: 0, max: 100, axisLabel: percents });
  return renderChart(
    frame(x, y, [...laws, ...measured], ["law", ...SYSTEMS.map((name) => TITLES[name])]),
    WIDTH,
    HEIGHT,
  );
}

/** Sigmas of a smooth curve on a logarithmic axis, from `from` to `to`. */
function sigmas(from: number, to: number): number[] {
  const steps = 60;
  return Array.from({ length: steps + 1 }, (_, i) => from * (to / from) ** (i / steps));
}

const sigmaAxis = () =>
  axis("σ: spread of clock error and delay, in seconds", 38, {
    type: "log",
    min: 0.03,
    max: 12,
    splitLine: { show: false },
    axisLabel: { ...text, fontSize: 13, showMinLabel: false, showMaxLabel: false },
  });

function bySigma(result: LabResult, value: (one: ScenarioResult) => number): Point[] {
  return centred(result).map((one) => [one.sigma_s, value(one)]);
}

/** Mean trials against the spread of the clock, in the paper's order and nearest first. */
export function trialsPicture(result: LabResult): string {
  const along = sigmas(0.04, 10);
  const mean = (order: typeof linearOrder) =>
    along.map((sigma): Point => [
      sigma,
      expectedTrials(normal(0, sigma), PAPER_WINDOW_S, order).mean,
    ]);
  const series = [
    law(mean(linearOrder), { at: 6, text: "T - 10, ..., T + 10 in order", place: [0, -22] }),
    law(mean(nearestOrder), { at: 30, text: "nearest second first", place: [-150, -26] }),
    marks(
      TITLES.aes,
      MARKS.aes.symbol,
      MARKS.aes.colour,
      bySigma(result, (one) => one.trials.linear.measured),
      11,
    ),
    marks(
      TITLES.tves2,
      MARKS.tves2.symbol,
      MARKS.tves2.colour,
      bySigma(result, (one) => one.trials.nearest.measured),
      12,
    ),
  ];
  const y = axis("mean trials of a frame", 48, { type: "value", min: 0, max: 13, interval: 1 });
  return renderChart(
    frame(sigmaAxis(), y, series, ["law", TITLES.aes, TITLES.tves2]),
    WIDTH,
    HEIGHT,
  );
}

/** The share of frames whose first candidate is right, with the rule of thumb. */
export function firstPicture(result: LabResult): string {
  const along = sigmas(0.04, 10);
  const exact = along.map((sigma): Point => [
    sigma,
    100 * firstRightProbability(normal(0, sigma)),
  ]);
  const rough = along.map((sigma): Point => [sigma, 100 * firstRightApproximation(sigma)])
    .filter(([, share]) => share >= 0);
  const series = [
    law(exact, { at: 44, text: "law", place: [10, -14] }),
    law(rough, { at: rough.length - 5, text: "1 - 0.798 σ", place: [-92, 6] }, {
      name: "rule of thumb",
      lineStyle: { color: COLOURS.red, width: 2, type: "dashed" },
      itemStyle: { color: COLOURS.red },
      z: 1,
    }),
    marks(
      TITLES.tves2,
      MARKS.tves2.symbol,
      MARKS.tves2.colour,
      bySigma(result, (one) => 100 * one.firstRight.measured),
      12,
    ),
  ];
  const y = axis("first candidate right", 56, {
    type: "value",
    min: 0,
    max: 100,
    axisLabel: percents,
  });
  return renderChart(
    frame(sigmaAxis(), y, series, ["law", "rule of thumb", TITLES.tves2]),
    WIDTH,
    HEIGHT,
  );
}

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

/** Fewer expected hits or misses than this, and a difference in standard errors means nothing. */
const COUNT_MIN = 5;

/** Every difference between law and count, in standard errors. */
export function agreementPicture(result: LabResult): string {
  const series = SYSTEMS.map((name) => {
    const points = result.scenarios.flatMap(({ condition }) =>
      condition.flatMap(({ measured }): Point[] => {
        const { predicted: p, measured: share, n } = measured[name];
        if (n * Math.min(p, 1 - p) < COUNT_MIN) return [];
        return [[100 * p, (share - p) / Math.sqrt(p * (1 - p) / n)]];
      })
    );
    return marks(TITLES[name], MARKS[name].symbol, MARKS[name].colour, points);
  });
  const lines = {
    name: "law",
    type: "line",
    data: [],
    markLine: {
      silent: true,
      symbol: "none",
      label: { ...text, position: "insideStartBottom", formatter: "{b}" },
      lineStyle: { color: COLOURS.muted, type: "dashed" },
      data: [
        { yAxis: 2, name: "" },
        { yAxis: -2, name: "chance alone keeps 19 of 20 between these lines" },
      ],
    },
  };
  const x = axis("share of frames that the law says will open", 38, {
    type: "value",
    min: 0,
    max: 100,
    axisLabel: percents,
    splitLine: { show: false },
  });
  const y = axis("difference in standard errors", 44, {
    type: "value",
    min: -5,
    max: 5,
    interval: 1,
  });
  return renderChart(
    frame(x, y, [lines, ...series], SYSTEMS.map((name) => TITLES[name])),
    WIDTH,
    HEIGHT,
  );
}
