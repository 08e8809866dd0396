/** How the amount comes about: each line as units x rate = amount, and what they come to. */
import { type Align, type Pen, style } from "./pen.ts";
import { heading, label, LEFT, RIGHT, type Room, RULE, WASH, WIDTH } from "./sheet.ts";
import type { BillView } from "./view.ts";

const SIZE_PT = 9;
const PADDING = 4;
/** Right ends of the columns of figures; descriptions have what is left of them. */
const UNITS = RIGHT - 178;
const RATE = RIGHT - 108;
const AMOUNT = RIGHT - PADDING;
const DESCRIPTION_WIDTH = UNITS - LEFT - 60;

interface Cell {
  readonly text: string;
  readonly x: number;
  readonly align: Align;
}

/** Draws the table from `top` down, on another page where `fit` says so; where it ends. */
export function drawCharges(
  pen: Pen,
  view: BillView,
  room: Room,
  top: number,
  fit: (y: number, height: number) => number,
): number {
  const { canvas } = pen;
  const { words, lines } = view;
  let y = fit(top, 14 + 4 * room.row);
  heading(pen, words.charges, LEFT, y + 9);
  y += 12;
  canvas.element("Table", () => {
    y = drawHeader(pen, view, room, y);
    for (const line of lines) {
      const height = heightOf(pen, line.description, room);
      const at = fit(y, height);
      y = at === y ? y : drawHeader(pen, view, room, at);
      y = drawRow(pen, y, height, line.description, [
        { text: line.units, x: UNITS, align: "right" },
        { text: line.rate, x: RATE, align: "right" },
        { text: line.amount, x: AMOUNT, align: "right" },
      ]);
    }
    y = drawTotals(pen, view, room, fit(y, view.sums.length * room.row + 3));
  });
  return y;
}

function heightOf(pen: Pen, description: string, { row }: Room): number {
  const lines = pen.wrap(description, style(SIZE_PT), DESCRIPTION_WIDTH).length;
  return row + Math.max(0, lines - 1) * pen.leading_pt(SIZE_PT);
}

function drawHeader(pen: Pen, { words }: BillView, { row }: Room, y: number): number {
  const baseline = y + row / 2 + 3;
  const cells: Cell[] = [
    { text: words.description, x: LEFT + PADDING, align: "left" },
    { text: words.units, x: UNITS, align: "right" },
    { text: words.rate, x: RATE, align: "right" },
    { text: words.amount, x: AMOUNT, align: "right" },
  ];
  pen.canvas.element("TR", () => {
    for (const { text, x, align } of cells) {
      pen.canvas.element("TH", () => pen.put(text, x, baseline, label, align), { scope: "Column" });
    }
  });
  rule(pen, y + row);
  return y + row;
}

function drawRow(pen: Pen, y: number, height: number, description: string, cells: readonly Cell[]) {
  const text = style(SIZE_PT);
  const lines = pen.wrap(description, text, DESCRIPTION_WIDTH).length;
  // The block of lines stands in the middle of the row.
  const first = y + (height - (lines - 1) * pen.leading_pt(SIZE_PT)) / 2 + 3.2;
  pen.canvas.element("TR", () => {
    pen.canvas.element("TH", () => {
      pen.paragraph(description, LEFT + PADDING, first, DESCRIPTION_WIDTH, text);
    }, { scope: "Row" });
    for (const cell of cells) {
      pen.canvas.element("TD", () => pen.put(cell.text, cell.x, first, text, cell.align));
    }
  });
  rule(pen, y + height);
  return y + height;
}

function drawTotals(pen: Pen, view: BillView, { row }: Room, top: number): number {
  let y = top;
  for (const { label: name, amount, kind } of view.sums) {
    const text = kind === "part"
      ? style(SIZE_PT)
      : style(kind === "due" ? 10.5 : SIZE_PT, "semibold");
    const height = kind === "due" ? row + 3 : row;
    if (kind === "due") pen.canvas.fill({ x: LEFT, y, width: WIDTH, height }, WASH);
    const baseline = y + height / 2 + 3.4;
    pen.canvas.element("TR", () => {
      pen.canvas.element("TH", () => pen.put(name, LEFT + PADDING, baseline, text), {
        scope: "Row",
        columns: 3,
      });
      pen.canvas.element("TD", () => pen.put(amount, AMOUNT, baseline, text, "right"));
    });
    rule(pen, y + height);
    y += height;
  }
  return y;
}

function rule(pen: Pen, y: number): void {
  pen.canvas.fill({ x: LEFT, y, width: WIDTH, height: 0.5 }, RULE);
}
