/** The payment code: a QR code that a telephone reads, and a link for the telephone that shows it. */
import type { Box } from "./canvas.ts";
import { type Pen, style } from "./pen.ts";
import { qrMatrix } from "./qr.ts";
import { heading, label, RIGHT, type Room, RULE, SMALL, WHITE } from "./sheet.ts";
import type { BillView } from "./view.ts";

const WIDTH = 200;
/** Modules of white around a code, for a camera to find it (ISO/IEC 18004 section 5.3.8). */
const QUIET = 4;
const PADDING = 10;

/** Draws the panel from `top` down at the right; where it ends, or `top` when nothing can be paid. */
export function drawPayment(
  pen: Pen,
  { payment, payable, words }: BillView,
  { code }: Room,
  top: number,
): number {
  if (payment === null) return top;
  const { canvas } = pen;
  const x = RIGHT - WIDTH;
  const inner = x + PADDING;
  const beside = inner + code + 8;
  const width = RIGHT - PADDING - beside;
  const box = { x: inner - 4, y: top + 25, width: code, height: code };
  const height = 25 + code + 22;
  canvas.stroke({ x: x + 0.5, y: top + 0.5, width: WIDTH - 1, height, radius: 6 }, RULE, 1);
  heading(pen, words.pay, inner, top + 18);
  canvas.element("Link", () => {
    canvas.link(box, payment.link, payment.alt);
    canvas.figure(payment.alt, () => drawCode(pen, payment.link, box));
  });
  canvas.element("P", () => {
    pen.put(payable.label, beside, top + 38, pen.fitted(payable.label, label, width));
    const amount = pen.fitted(payable.amount, style(11, "semibold"), width);
    pen.put(payable.amount, beside, top + 51, amount);
  });
  canvas.element("P", () => {
    pen.paragraph(words.pay_text, beside, top + 66, width, SMALL);
  });
  // An address may be long: it has a line to itself.
  const name = `${words.pay_to}  `;
  const after = pen.widthOf(name, label);
  const id = pen.fitted(payment.upi_id, style(9, "semibold"), WIDTH - 2 * PADDING - after);
  canvas.element("P", () => {
    pen.put(name, inner, top + 25 + code + 12, label);
    pen.put(payment.upi_id, inner + after, top + 25 + code + 12, id);
  });
  return top + height + 1;
}

function drawCode(pen: Pen, link: string, { x, y, width }: Box): void {
  const matrix = qrMatrix(link);
  const module = width / (matrix.length + 2 * QUIET);
  // Neighbours in a row are one rectangle: fewer edges for a printer to blur, and a smaller file.
  const boxes = matrix.flatMap((row, i) => {
    const found: Box[] = [];
    for (let j = 0; j < row.length; j++) {
      if (!row[j]) continue;
      const from = j;
      while (row[j + 1]) j++;
      found.push({
        x: x + (from + QUIET) * module,
        y: y + (i + QUIET) * module,
        width: (j - from + 1) * module,
        height: module,
      });
    }
    return found;
  });
  pen.canvas.fill({ x, y, width, height: width }, WHITE);
  pen.canvas.fillAll(boxes, [0, 0, 0]);
}
