/** Charts of clocks and windows: lines are the law, marks are what was counted. */
import { standardErrors } from "../../protocol/paper/agreement.ts";
import {
  expectedTrials,
  firstRightApproximation,
  linearOrder,
  type TrialsExpected,
} from "../../protocol/paper/condition.ts";
import { normal } from "../../protocol/paper/distribution.ts";
import { renderChart } from "./chart.ts";
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
import { PAPER_WINDOW_S, WIDEST_S } from "./measure_condition.ts";
import { COLOURS, MARKS } from "./palette.ts";
import type { LabResult, ScenarioResult } from "./result.ts";
import { productionOrder, SYSTEMS, TITLES } from "./systems.ts";

/** Marks of the systems stand side by side, in parts of a step of the axis. */
const SIDE_BY_SIDE = 0.13;

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
  const x = axis(
    "window W: seconds tried to either side of T; the marks of one W side by side",
    38,
    {
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
    },
  );
  const y = axis("frames that open", 56, { type: "value", min: 0, max: 100, axisLabel: percents });
  return renderChart(
    frame(x, y, [...laws, ...measured], ["law", ...SYSTEMS.map((name) => TITLES[name])]),
    WIDTH,
    HEIGHT,
  );
}

/** Sigmas of a smooth curve on a logarithmic axis, from `from` to `to`. */
function sigmas(from: number, to: number): number[] {
  const steps = 40;
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

/** What the law says of production's search along the axis of sigma. Takes a moment: once a report. */
export function productionCurve(): readonly (readonly [number, TrialsExpected])[] {
  return sigmas(0.04, 10).map((sigma) => {
    const order = productionOrder({ offset_s: 0, deviation_s: sigma });
    return [sigma, expectedTrials(normal(0, sigma), PAPER_WINDOW_S, order)];
  });
}

type Curve = ReturnType<typeof productionCurve>;

/** Mean trials against the spread of the clock, in the paper's order and most probable first. */
export function trialsPicture(result: LabResult, curve: Curve): string {
  const linear = curve.map(([sigma]): Point => [
    sigma,
    expectedTrials(normal(0, sigma), PAPER_WINDOW_S, linearOrder).mean,
  ]);
  const best = curve.map(([sigma, { mean }]): Point => [sigma, mean]);
  const series = [
    law(linear, { at: 4, text: "T - 10, ..., T + 10 in order", place: [0, -22] }),
    law(best, { at: 20, text: "most probable second first", place: [-190, -26] }),
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
      bySigma(result, (one) => one.trials.best.measured),
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
export function firstPicture(result: LabResult, curve: Curve): string {
  const exact = curve.map(([sigma, { first }]): Point => [sigma, 100 * first]);
  const rough = sigmas(0.04, 1.25).map((
    sigma,
  ): Point => [sigma, 100 * firstRightApproximation(sigma)])
    .filter(([, share]) => share >= 0);
  const series = [
    law(exact, { at: 29, text: "law", place: [10, -14] }),
    law(rough, { at: rough.length - 7, text: "1 - 0.798 σ", place: [-92, 6] }, {
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

/** Fewer expected hits or misses than this, and a difference in standard errors means nothing. */
const COUNT_MIN = 5;
const CHANCE = "chance alone keeps 19 of 20 between the dashed lines";

/** Every difference between law and count, in standard errors. */
export function agreementPicture(result: LabResult): string {
  const series = SYSTEMS.map((name) => {
    const points = result.scenarios.flatMap(({ condition }) =>
      condition.flatMap(({ measured }): Point[] => {
        const { predicted: p, measured: share, n } = measured[name];
        if (n * Math.min(p, 1 - p) < COUNT_MIN) return [];
        return [[100 * p, standardErrors(share, n, p)]];
      })
    );
    return marks(TITLES[name], MARKS[name].symbol, MARKS[name].colour, points);
  });
  const lines = {
    name: "law",
    type: "line",
    symbol: "circle",
    symbolSize: 1,
    // Where hardly a mark ever lies.
    data: [{
      value: [50, -4.4],
      label: { ...text, show: true, position: [0, 0], align: "center", formatter: CHANCE },
    }],
    lineStyle: { color: COLOURS.muted },
    itemStyle: { color: COLOURS.muted },
    markLine: {
      silent: true,
      symbol: "none",
      label: { show: false },
      lineStyle: { color: COLOURS.muted, type: "dashed" },
      data: [
        { yAxis: 2 },
        { yAxis: -2 },
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
