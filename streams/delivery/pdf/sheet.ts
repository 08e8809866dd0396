/** Measures, colours and styles that the parts of the page share; lengths in points. */
import { type Colour, PAGE_HEIGHT_PT, PAGE_WIDTH_PT } from "./canvas.ts";
import { type Pen, SOFT, style } from "./pen.ts";

export const LEFT = 45.4;
export const RIGHT = PAGE_WIDTH_PT - LEFT;
export const WIDTH = RIGHT - LEFT;
/** Where a page begins and ends. */
export const TOP = 38;
export const BOTTOM = PAGE_HEIGHT_PT - 23;

export const ACCENT: Colour = [11, 110, 110];
export const ACCENT_LIGHT: Colour = [128, 176, 176];
export const HIGHLIGHT: Colour = [242, 165, 65];
export const RULE: Colour = [217, 222, 231];
export const WASH: Colour = [244, 246, 250];
export const WHITE: Colour = [255, 255, 255];
export const CAUTION: Colour = [255, 243, 221];

/** How far apart things stand: many lines move together before a second page begins. */
export interface Room {
  readonly row: number;
  readonly gap: number;
  readonly chart: number;
  /** Side of the payment code; the usual link has modules of half a millimetre in the smallest. */
  readonly code: number;
  /** Whether the way of a reading is explained, or its facts stand alone in one row. */
  readonly explained: boolean;
}

export const ROOMS: readonly Room[] = [
  { row: 19, gap: 18, chart: 84, code: 88, explained: true },
  { row: 17.5, gap: 15, chart: 78, code: 88, explained: true },
  { row: 16, gap: 13, chart: 70, code: 88, explained: true },
  { row: 12.2, gap: 8, chart: 48, code: 72, explained: false },
];

export const label = style(7.5, "regular", SOFT);
export const SMALL = style(7, "regular", SOFT);

/** A heading of a part, with its baseline at `y`. */
export function heading(pen: Pen, text: string, x: number, y: number): void {
  pen.canvas.element("H2", () => pen.put(text, x, y, style(10.5, "semibold", ACCENT)));
}
