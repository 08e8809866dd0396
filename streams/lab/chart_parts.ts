/** What all charts of the lab are made of: axes with units, lines for the law, marks for counts. */
import type { ChartOption } from "./chart.ts";
import { COLOURS, FONT } from "./palette.ts";

export const WIDTH = 760;
export const HEIGHT = 430;
export const text = { color: COLOURS.ink, fontFamily: FONT, fontSize: 14 };
const nameStyle = { ...text, color: COLOURS.muted };

export function axis(name: string, gap: number, more: Record<string, unknown>) {
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

export function frame(
  xAxis: unknown,
  yAxis: unknown,
  series: unknown[],
  legend: readonly string[],
) {
  return {
    backgroundColor: COLOURS.paper,
    textStyle: text,
    grid: { left: 76, right: 34, top: 58, bottom: 66 },
    legend: {
      data: legend.map((name) => name in LINES ? { name, icon: LINES[name] } : { name }),
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

/** Lines in the legend as they are in the picture, whole or dashed: a law is a line without marks. */
const LINES: Readonly<Record<string, string>> = {
  "law": "path://M0,5 L15,5 L15,8 L0,8 Z",
  "rule of thumb": "path://M0,5 L6,5 L6,8 L0,8 Z M9,5 L15,5 L15,8 L9,8 Z",
};

export type Point = readonly [number, number];

/** A law: a plain line, with its name written at one of its points. */
export function law(
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

export function marks(
  name: string,
  symbol: string,
  colour: string,
  points: readonly Point[],
  size = 9,
) {
  return {
    name,
    type: "scatter",
    symbol,
    symbolSize: size,
    // A picture is still: what the library would do under a pointer only makes the file longer.
    emphasis: { disabled: true },
    itemStyle: { color: colour, opacity: 0.9, borderColor: COLOURS.paper, borderWidth: 1 },
    data: points,
    z: 3,
  };
}

export const percents = { formatter: "{value} %", ...text, fontSize: 13 };
