/** The connection, and how the meter's two readings become the units that are billed. */
import { type Pen, SOFT, style } from "./pen.ts";
import { heading, HIGHLIGHT, label, LEFT, RIGHT, type Room, RULE, WASH } from "./sheet.ts";
import type { BillView } from "./view.ts";

/** Where the readings begin. */
const MIDDLE = LEFT + 205;
const NAME_WIDTH = 78;
const DATE = MIDDLE + 116;

/** Draws both from `top` down, side by side; where the longer one ends. */
export function drawReadings(pen: Pen, view: BillView, room: Room, top: number): number {
  const connection = drawConnection(pen, view, room, top);
  return Math.max(connection, drawMeter(pen, view, room, top));
}

function drawConnection(
  pen: Pen,
  { connection, words }: BillView,
  room: Room,
  top: number,
): number {
  heading(pen, words.connection, LEFT, top + 9);
  const value = style(9, "semibold");
  const width = MIDDLE - LEFT - NAME_WIDTH - 16;
  const height = room.row * 0.86;
  let y = top + 14;
  for (const [name, text] of connection) {
    const lines = pen.wrap(text, value, width).length;
    const baseline = y + height / 2 + 3;
    pen.canvas.element("P", () => {
      pen.put(name, LEFT, baseline, pen.fitted(name, label, NAME_WIDTH - 4));
      pen.paragraph(text, LEFT + NAME_WIDTH, baseline, width, value);
    });
    y += height + (lines - 1) * pen.leading_pt(9);
  }
  return y;
}

interface Row {
  readonly name: string;
  readonly middle: string;
  readonly mark?: string;
  readonly figure: string;
  readonly unit: string;
}

function drawMeter(pen: Pen, { readings, words }: BillView, { row }: Room, top: number): number {
  const { opening, closing } = readings;
  const rows: Row[] = [
    {
      name: words.closing,
      middle: closing.date,
      mark: closing.mark,
      figure: closing.value,
      unit: " kWh",
    },
    {
      name: words.opening,
      middle: opening.date,
      mark: opening.mark,
      figure: opening.value,
      unit: " kWh",
    },
    { name: words.difference, middle: readings.days, figure: readings.difference, unit: " kWh" },
    { name: words.factor, middle: "", figure: `× ${readings.factor}`, unit: "" },
    ...readings.earlier.map(({ plate, units }) => ({
      ...{ name: words.earlier_meter, middle: plate, figure: units, unit: "" },
    })),
    { name: words.units_billed, middle: "", figure: readings.units, unit: "" },
  ];
  heading(pen, words.readings, MIDDLE, top + 9);
  let y = top + 12;
  pen.canvas.element("Table", () => {
    for (const [i, one] of rows.entries()) {
      drawReading(pen, one, y, row, i === rows.length - 1);
      y += row;
    }
  });
  return y;
}

function drawReading(pen: Pen, row: Row, y: number, height: number, last: boolean): void {
  const { canvas } = pen;
  const baseline = y + height / 2 + 3.2;
  const x = MIDDLE + 4;
  const figure = style(last ? 10.5 : 9, "semibold");
  if (last) canvas.fill({ x: MIDDLE, y, width: RIGHT - MIDDLE, height }, WASH);
  canvas.element("TR", () => {
    canvas.element(
      "TH",
      () => pen.put(row.name, x, baseline, style(9, last ? "semibold" : "regular")),
      {
        scope: "Row",
      },
    );
    canvas.element("TD", () => {
      pen.put(row.middle, DATE, baseline, style(9, "regular", SOFT));
      if (row.mark !== undefined && row.mark !== "") {
        drawMark(pen, row.mark, DATE + pen.widthOf(row.middle, style(9)) + 6, baseline);
      }
    });
    canvas.element("TD", () => {
      const unit = style(9, "regular", SOFT);
      pen.put(row.figure, RIGHT - 4 - pen.widthOf(row.unit, unit), baseline, figure, "right");
      pen.put(row.unit, RIGHT - 4, baseline, unit, "right");
    });
  });
  canvas.fill({ x: MIDDLE, y: y + height, width: RIGHT - MIDDLE, height: 0.5 }, RULE);
}

function drawMark(pen: Pen, mark: string, x: number, baseline: number): void {
  const text = style(7.5, "semibold");
  const width = pen.widthOf(mark, text) + 8;
  pen.canvas.fill({ x, y: baseline - 8.6, width, height: 11.6, radius: 3 }, HIGHLIGHT);
  pen.put(mark, x + 4, baseline - 0.3, text);
}
