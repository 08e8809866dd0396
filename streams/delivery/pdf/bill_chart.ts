/** Twelve months of consumption as bars, with the same month a year before in front. */
import { type Pen, SOFT, style } from "./pen.ts";
import {
  ACCENT,
  ACCENT_LIGHT,
  heading,
  HIGHLIGHT,
  LEFT,
  RIGHT,
  type Room,
  WIDTH,
} from "./sheet.ts";
import type { BillView } from "./view.ts";

/** Width that the payment leaves. */
const NARROW = 290;
const BARS_MIN = 7;
const BAR_MIN_HEIGHT = 0.8;
const SIZE_PT = 6.8;

/** Draws the chart from `top` down; where it ends. */
export function drawChart(pen: Pen, view: BillView, room: Room, top: number): number {
  const { words, chart, payment } = view;
  const width = payment === null ? WIDTH : NARROW;
  heading(pen, words.chart, LEFT, top + 9);
  let y = top + 23;
  const text = style(8.5);
  pen.canvas.element("P", () => {
    y = pen.paragraph(chart.comparison, LEFT, y, width, text);
  });
  pen.canvas.figure(chart.alt, () => drawBars(pen, view, y, width, room.chart));
  return y + room.chart + 32;
}

function drawBars(pen: Pen, { chart }: BillView, top: number, width: number, height: number): void {
  const { canvas } = pen;
  const step = Math.min(width, RIGHT - LEFT) / Math.max(BARS_MIN, chart.bars.length);
  const bar_width = step - 4;
  const floor = top + 9 + height;
  for (const [i, bar] of chart.bars.entries()) {
    const x = LEFT + i * step;
    const tall = Math.max(BAR_MIN_HEIGHT, height * bar.share);
    const box = { x, y: floor - tall, width: bar_width, height: tall };
    const radius = Math.min(2, tall / 2);
    if (bar.kind === "last_year") {
      // An outline: it belongs to another year, and is told apart without colour.
      canvas.stroke({ ...box, x: x + 0.5, width: bar_width - 1, radius }, ACCENT, 1);
    } else canvas.fill({ ...box, radius }, bar.kind === "current" ? HIGHLIGHT : ACCENT_LIGHT);
    const strong = bar.kind === "other" ? "regular" : "semibold";
    const middle = x + bar_width / 2;
    const put = (text: string, y: number, face = style(SIZE_PT, strong)) =>
      pen.put(text, middle, y, pen.fitted(text, face, step - 1), "centre");
    put(bar.units, floor - tall - 3);
    put(bar.month, floor + 10);
    put(bar.year, floor + 19, style(SIZE_PT, strong, SOFT));
  }
}
