/** Two drawings that need no measurement: how the window finds the second, and how time becomes a key. */
import { nearestOrder } from "../../protocol/paper/condition.ts";
import { escaped } from "./markup.ts";
import { COLOURS, FONT } from "./palette.ts";

const { ink, muted, grid, paper, panel, blue, green, orange, red } = COLOURS;

interface TextStyle {
  readonly size?: number;
  readonly colour?: string;
  readonly anchor?: "start" | "middle" | "end";
  readonly bold?: boolean;
}

function label(x: number, y: number, text: string, style: TextStyle = {}): string {
  const { size = 14, colour = ink, anchor = "middle", bold = false } = style;
  const weight = bold ? ' font-weight="600"' : "";
  return `<text x="${x}" y="${y}" font-size="${size}" fill="${colour}" text-anchor="${anchor}"${weight}>${
    escaped(text)
  }</text>`;
}

interface BoxStyle {
  readonly fill?: string;
  readonly stroke?: string;
  readonly dashed?: boolean;
  readonly width?: number;
}

function box(x: number, y: number, w: number, h: number, style: BoxStyle = {}): string {
  const { fill = panel, stroke = muted, dashed = false, width = 1.2 } = style;
  const dash = dashed ? ' stroke-dasharray="4 4"' : "";
  return `<rect x="${x}" y="${y}" width="${w}" height="${h}" rx="5" fill="${fill}" stroke="${stroke}" stroke-width="${width}"${dash}/>`;
}

function line(x1: number, y1: number, x2: number, y2: number, colour: string = muted): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="${colour}" stroke-width="1.6"/>`;
}

/** A straight arrow with its head at the second point; only level and upright ones are drawn. */
function arrow(x1: number, y1: number, x2: number, y2: number, colour: string = muted): string {
  const back = 8;
  const half = 4.5;
  const [dx, dy] = [Math.sign(x2 - x1), Math.sign(y2 - y1)];
  const [bx, by] = [x2 - back * dx, y2 - back * dy];
  const head = `${x2},${y2} ${bx + half * dy},${by + half * dx} ${bx - half * dy},${
    by - half * dx
  }`;
  return `${line(x1, y1, bx, by, colour)}<polygon points="${head}" fill="${colour}"/>`;
}

function drawing(width: number, height: number, title: string, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" font-family="${FONT}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${width}" height="${height}" fill="${paper}"/>`,
    ...parts,
    "</svg>",
  ].join("\n");
}

const SECOND_WIDTH = 33;
const WINDOW_S = 10;

/** The window: a frame sealed 3.2 s ago by the master's clock, and the order in which seconds are tried. */
export function windowDrawing(): string {
  const left = 34;
  const top = 150;
  const height = 44;
  const at = (second: number) => left + (second + WINDOW_S) * SECOND_WIDTH;
  const expected = 0.6;
  const sealed = -2.6;
  const seconds = Array.from({ length: 2 * WINDOW_S + 1 }, (_, i) => i - WINDOW_S);
  const place = (k: number) => nearestOrder(k, expected, WINDOW_S);
  const cells = seconds.flatMap((k) => {
    const right = k === Math.floor(sealed);
    const tried = place(k) <= place(Math.floor(sealed));
    return [
      box(at(k) + 1.5, top, SECOND_WIDTH - 3, height, {
        fill: right ? green : tried ? panel : paper,
        stroke: right ? green : tried ? muted : grid,
      }),
      label(at(k) + SECOND_WIDTH / 2, top + 28, String(place(k)), {
        size: 15,
        bold: right || k === 0,
        colour: right ? paper : tried ? ink : muted,
      }),
      label(at(k) + SECOND_WIDTH / 2, top + 64, k === 0 ? "T" : k > 0 ? `+${k}` : `−${-k}`, {
        size: 12,
        colour: muted,
      }),
    ];
  });
  return drawing(760, 290, "How the window finds the second of a frame", [
    label(
      left,
      34,
      "The frame does not say its second. The master knows when it arrived, and tries.",
      {
        anchor: "start",
        size: 16,
        bold: true,
      },
    ),
    label(at(sealed), 82, "really sealed here", { colour: green, bold: true }),
    arrow(at(sealed), 92, at(sealed), top - 4, green),
    label(at(expected) + 8, 82, "expected here", { anchor: "start", colour: blue, bold: true }),
    label(at(expected) + 8, 102, "arrival − learned delay and offset", {
      anchor: "start",
      size: 13,
      colour: muted,
    }),
    arrow(at(expected), 72, at(expected), top - 4, blue),
    line(at(sealed), 120, at(expected), 120, orange),
    label((at(sealed) + at(expected)) / 2, 113, "X", { colour: orange, bold: true }),
    ...cells,
    label(
      left,
      250,
      "In each box: its place in the search, nearest second first. Here trial 7 fits.",
      {
        anchor: "start",
        colour: muted,
      },
    ),
    label(
      left,
      272,
      "Below: seconds from T, the expected one. The paper's series is T ± 10.",
      {
        anchor: "start",
        colour: muted,
      },
    ),
  ]);
}

interface Link {
  readonly x: number;
  readonly title: string;
  readonly state: "erased" | "kept" | "later";
}

const LINK_WIDTH = 96;
const LINK_HEIGHT = 42;

function chain(y: number, links: readonly Link[]): string[] {
  return links.flatMap(({ x, title, state }, i) => {
    const next = links[i + 1];
    const style = {
      kept: { fill: green, stroke: green },
      erased: { fill: paper, stroke: red, dashed: true },
      later: { fill: panel, stroke: muted },
    }[state];
    const middle = y + LINK_HEIGHT / 2;
    return [
      box(x, y, LINK_WIDTH, LINK_HEIGHT, style),
      label(x + LINK_WIDTH / 2, middle + 5, title, {
        bold: state === "kept",
        colour: state === "kept" ? paper : state === "erased" ? red : ink,
      }),
      ...(next ? [arrow(x + LINK_WIDTH, middle, next.x - 3, middle)] : []),
    ];
  });
}

/** The key chain at 14:20 UTC of some day: what the slave has erased, what it keeps, what can follow. */
export function chainDrawing(): string {
  const columns = [106, 234, 362, 490, 618] as const;
  const [days, hours, seconds] = [66, 166, 266] as const;
  const under = (y: number) => y + LINK_HEIGHT;
  const centre = (x: number) => x + LINK_WIDTH / 2;
  const row = (y: number, text: string) =>
    label(94, y + 26, text, { anchor: "end", colour: muted });
  const says = (x: number, y: number, style: BoxStyle, text: string) => [
    box(x, y, 22, 16, style),
    label(x + 32, y + 13, text, { anchor: "start" }),
  ];
  return drawing(760, 400, "How time becomes the key: day, hour, second, frame", [
    label(30, 34, "14:20 UTC: what the slave can still compute", {
      anchor: "start",
      size: 16,
      bold: true,
    }),
    row(days, "a day"),
    ...chain(days, [
      { x: columns[0], title: "yesterday", state: "erased" },
      { x: columns[1], title: "today", state: "erased" },
      { x: columns[4], title: "tomorrow", state: "kept" },
    ]),
    arrow(centre(columns[1]), under(days), centre(columns[1]), hours - 3),
    row(hours, "an hour"),
    ...chain(hours, [
      { x: columns[1], title: "0 h ... 12 h", state: "erased" },
      { x: columns[2], title: "13 h", state: "erased" },
      { x: columns[3], title: "14 h", state: "kept" },
      { x: columns[4], title: "15 h", state: "later" },
    ]),
    arrow(centre(columns[3]), under(hours), centre(columns[3]), seconds - 3),
    row(seconds, "a second"),
    ...chain(seconds, [
      { x: columns[3], title: "14:20:07", state: "later" },
      { x: columns[4], title: "one frame", state: "later" },
    ]),
    label(centre(columns[4]), seconds + 62, "bound to its header", { size: 13, colour: muted }),
    ...says(30, 356, { fill: green, stroke: green }, "stored"),
    ...says(140, 356, {}, "computed when needed"),
    ...says(
      352,
      356,
      { fill: paper, stroke: red, dashed: true },
      "erased: no arrow leads back to it",
    ),
  ]);
}
