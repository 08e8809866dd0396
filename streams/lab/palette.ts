/**
 * The colours of the lab's pictures: Okabe and Ito's set, which colour-blind people tell apart, and
 * every system has a shape of its own besides.
 *
 * A picture in a file keeps these colours on white. In the report each becomes a variable of the page,
 * so that the same picture is read on a dark screen too.
 */
import type { SystemName } from "./systems.ts";

export const COLOURS = {
  ink: "#1b242c",
  muted: "#56636e",
  grid: "#dbe1e6",
  paper: "#ffffff",
  panel: "#f1f4f6",
  orange: "#e69f00",
  blue: "#0072b2",
  green: "#009e73",
  red: "#d55e00",
} as const;

/** The same names on a dark page. */
export const DARK: Readonly<Record<keyof typeof COLOURS, string>> = {
  ink: "#e7ecf0",
  muted: "#a5b1bb",
  grid: "#39434c",
  paper: "#14191e",
  panel: "#202830",
  orange: "#f0b429",
  blue: "#56b4e9",
  green: "#2fc99b",
  red: "#ff8a4c",
};

export const FONT = "system-ui, 'Noto Sans', 'DejaVu Sans', sans-serif";

/** Colour and shape of each system, the same in every picture. */
export const MARKS: Readonly<
  Record<SystemName, { readonly colour: string; readonly symbol: string }>
> = {
  caesar: { colour: COLOURS.orange, symbol: "circle" },
  aes: { colour: COLOURS.blue, symbol: "rect" },
  tves2: { colour: COLOURS.green, symbol: "triangle" },
};

/** `svg` with each colour as `var(--name)`, for a page that defines them. */
export function themed(svg: string): string {
  let page = svg;
  for (const [name, colour] of Object.entries(COLOURS)) {
    page = page.replaceAll(new RegExp(colour, "gi"), `var(--${name})`);
  }
  return page;
}
