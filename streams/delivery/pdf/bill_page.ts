/** The page of a bill, from top to bottom; `view.ts` says what is on it. */
import { drawChart } from "./bill_chart.ts";
import { drawCharges } from "./bill_charges.ts";
import { drawPayment } from "./bill_payment.ts";
import { drawReadings } from "./bill_readings.ts";
import { type Pen, style } from "./pen.ts";
import {
  ACCENT,
  BOTTOM,
  CAUTION,
  heading,
  HIGHLIGHT,
  label,
  LEFT,
  RIGHT,
  type Room,
  RULE,
  SMALL,
  TOP,
  WASH,
  WHITE,
  WIDTH,
} from "./sheet.ts";
import type { BillView } from "./view.ts";

/** Draws `view` in `room`. */
export function drawBill(pen: Pen, view: BillView, room: Room): void {
  const { canvas } = pen;
  const foot = footHeight(pen, view);
  /** Begins another page where `height` does not fit on this one. */
  const fit = (y: number, height: number) => {
    if (y + height <= BOTTOM - foot - FOOT_GAP) return y;
    canvas.newPage();
    return TOP;
  };
  let y = drawHead(pen, view);
  y = drawSummary(pen, view, y);
  y = drawNotice(pen, view, fit(y, 60)) + room.gap;
  y = drawReadings(pen, view, room, fit(y, 120)) + room.gap;
  y = drawCharges(pen, view, room, y, fit) + room.gap;
  y = fit(y, room.chart + 62);
  const chart = drawChart(pen, view, room, y);
  y = Math.max(chart, drawPayment(pen, view, room, y)) + room.gap * 0.7;
  drawProvenance(pen, view, room, fit(y, provenanceHeight(pen, view, room)));
  drawFoot(pen, view, BOTTOM - foot);
}

function drawHead(pen: Pen, { utility, words, number }: BillView): number {
  const { canvas } = pen;
  const right_width = 190;
  let y = TOP + 12;
  canvas.element("P", () => {
    const name = pen.fitted(utility.name, style(15, "semibold"), WIDTH - right_width);
    pen.put(utility.name, LEFT, y, name);
  });
  canvas.element(
    "H1",
    () => pen.put(words.title, RIGHT, y, style(13, "semibold", ACCENT), "right"),
  );
  y += 13;
  if (utility.address !== "") {
    canvas.element("P", () => {
      pen.put(utility.address, LEFT, y, pen.fitted(utility.address, label, WIDTH - right_width));
    });
  }
  canvas.element("P", () => {
    const figure = style(9, "semibold");
    pen.put(`${words.number} `, RIGHT - pen.widthOf(number, figure), y, label, "right");
    pen.put(number, RIGHT, y, figure, "right");
  });
  canvas.fill({ x: LEFT, y: y + 7, width: WIDTH, height: 1.2 }, ACCENT);
  return y + 17;
}

/** Between the foot and what is above it. */
const FOOT_GAP = 7;
const BOX_WIDTH = 192;

/** Whose it is, and how much by when: what most people look for. */
function drawSummary(pen: Pen, view: BillView, top: number): number {
  const { canvas } = pen;
  const width = WIDTH - BOX_WIDTH - 18;
  const { consumer, words, heads } = view;
  let y = top + 12;
  canvas.element("P", () => {
    y = pen.paragraph(consumer.name, LEFT, y, width, style(12, "semibold"));
  });
  if (consumer.address !== "") {
    canvas.element("P", () => {
      y = pen.paragraph(consumer.address, LEFT, y, width, style(9));
    });
  }
  y += 5;
  canvas.element("P", () => {
    const before = `${words.consumer_number}  `;
    pen.put(before, LEFT, y, label);
    pen.put(consumer.number, LEFT + pen.widthOf(before, label), y, style(11, "semibold"));
  });
  y = Math.max(y + 19, top + 62);
  const step = width / heads.length;
  for (const [i, [name, value]] of heads.entries()) {
    canvas.element("P", () => {
      pen.put(name, LEFT + i * step, y, pen.fitted(name, label, step - 6));
      pen.put(value, LEFT + i * step, y + 13, pen.fitted(value, style(9, "semibold"), step - 6));
    });
  }
  drawPayable(pen, view, top, 84);
  return Math.max(y + 17, top + 88);
}

function drawPayable(pen: Pen, { payable, notice }: BillView, y: number, height: number): void {
  const { canvas } = pen;
  const x = RIGHT - BOX_WIDTH;
  const inner = BOX_WIDTH - 28;
  canvas.fill({ x, y, width: BOX_WIDTH, height, radius: 7 }, ACCENT);
  canvas.element("P", () => {
    pen.put(payable.label, x + 14, y + 18, style(9, "regular", WHITE));
    pen.put(
      payable.amount,
      x + 14,
      y + 47,
      pen.fitted(payable.amount, style(25, "semibold", WHITE), inner),
    );
  });
  if (notice?.caution) {
    const badge = style(8, "semibold");
    const width = pen.widthOf(notice.title, badge) + 12;
    canvas.fill(
      { x: x + BOX_WIDTH - 14 - width, y: y + 9, width, height: 13, radius: 4 },
      HIGHLIGHT,
    );
    canvas.element("P", () => pen.put(notice.title, x + BOX_WIDTH - 20, y + 18.2, badge, "right"));
  }
  canvas.element("P", () => {
    pen.put(payable.due_label, x + 14, y + 70, style(9, "regular", WHITE));
    pen.put(payable.due, x + BOX_WIDTH - 14, y + 70, style(11, "semibold", WHITE), "right");
  });
}

/** That the bill rests on an estimate, or sets one right: in words, behind a bar. */
function drawNotice(pen: Pen, { notice }: BillView, top: number): number {
  if (notice === null) return top;
  const { canvas } = pen;
  const text = style(8.5);
  const lines = pen.wrap(notice.text, text, WIDTH - 28).length;
  const height = 22 + lines * pen.leading_pt(8.5);
  canvas.fill(
    { x: LEFT, y: top + 8, width: WIDTH, height, radius: 4 },
    notice.caution ? CAUTION : WASH,
  );
  canvas.fill({ x: LEFT, y: top + 8, width: 4, height }, notice.caution ? HIGHLIGHT : ACCENT);
  canvas.element("Note", () => {
    pen.put(notice.title, LEFT + 14, top + 22, style(9, "semibold"));
    pen.paragraph(notice.text, LEFT + 14, top + 35, WIDTH - 28, text);
  });
  return top + 8 + height;
}

const PROVENANCE = style(8);
/** Facts in a row where the text above them explains, and where they stand alone. */
const FACTS_A_ROW = 3;
const FACTS_ALONE = 6;
const FACT_HEIGHT = 24;

function provenanceHeight(pen: Pen, { provenance, notice }: BillView, { explained }: Room): number {
  if (notice?.estimated) return 0;
  const rows = Math.ceil(provenance.facts.length / (explained ? FACTS_A_ROW : FACTS_ALONE));
  if (!explained) return 24 + rows * FACT_HEIGHT;
  const lines = pen.wrap(provenance.text, PROVENANCE, WIDTH - 28).length;
  return 30 + lines * pen.leading_pt(PROVENANCE.size_pt) + rows * FACT_HEIGHT;
}

/** How the reading came about; an estimate has said so already. */
function drawProvenance(pen: Pen, view: BillView, room: Room, top: number): void {
  const height = provenanceHeight(pen, view, room);
  if (height === 0) return;
  const { canvas } = pen;
  const { provenance: { text, facts }, words } = view;
  const x = LEFT + 14;
  canvas.fill({ x: LEFT, y: top, width: WIDTH, height, radius: 6 }, WASH);
  heading(pen, words.provenance, x, top + (room.explained ? 18 : 14));
  let y = top + (room.explained ? 33 : 25);
  if (room.explained) {
    canvas.element("P", () => {
      y = pen.paragraph(text, x, y, WIDTH - 28, PROVENANCE);
    });
  }
  const in_row = room.explained ? FACTS_A_ROW : FACTS_ALONE;
  const step = (WIDTH - 28) / in_row;
  for (const [i, [name, value]] of facts.entries()) {
    const at = x + i % in_row * step;
    const row = y + 3 + Math.floor(i / in_row) * FACT_HEIGHT;
    canvas.element("P", () => {
      pen.put(name, at, row, pen.fitted(name, label, step - 8));
      pen.put(value, at, row + 10.5, pen.fitted(value, style(8, "semibold"), step - 8));
    });
  }
}

function footTexts({ basis, words, utility }: BillView): string[] {
  const closing = utility.contact === ""
    ? words.no_signature
    : `${words.no_signature} ${utility.contact}`;
  return [...basis, closing];
}

function footHeight(pen: Pen, view: BillView): number {
  const lines = footTexts(view).reduce((sum, text) => sum + pen.wrap(text, SMALL, WIDTH).length, 0);
  return 8 + lines * pen.leading_pt(SMALL.size_pt);
}

function drawFoot(pen: Pen, view: BillView, top: number): void {
  pen.canvas.fill({ x: LEFT, y: top, width: WIDTH, height: 0.5 }, RULE);
  let y = top + 11;
  for (const text of footTexts(view)) {
    pen.canvas.element("P", () => {
      y = pen.paragraph(text, LEFT, y, WIDTH, SMALL);
    });
  }
}
