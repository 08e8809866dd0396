/** The page docs/guards.md, made from the tables so that it cannot say what is not tried. */
import type { Guard } from "./guard.ts";

/** Headings of the rooms. */
const TITLES: Readonly<Record<string, string>> = {
  bill_page: "The bill's page",
  edge: "The slave's disk",
  fleet: "The load and the soak",
  keys: "Keys and replay",
  lab: "The lab",
  masters: "Masters and the journal",
  notices: "Messages to customers",
  slave: "The slave",
  tariff: "Tariffs",
  time_client: "Time, on the side that asks",
  time_clock: "Time, the clock",
  time_filter: "Time, what servers say",
  time_server: "Time, on the side that answers",
  tves: "Frames",
  window: "The window",
};

const INTRODUCTION = `# Guards

A rule is worth what breaks when it is taken out. Each line below names a rule, the file that keeps
it, and the test that goes red without it. \`deno task guards\` proves the page: it takes each
mechanism out of a copy of the sources, one after the other, and runs its test there; a test that
stays green is reported as a fault. \`deno task guards --room window\` tries one room alone.

This page is written by \`deno task guards --page\` from the tables in \`tests/guards/\`.`;

const cell = (text: string) => text.replaceAll("|", "\\|").replaceAll(/\s*\n\s*/g, " ");

function lineOf({ rule, source, file, test, name }: Guard): string {
  return `| ${cell(rule)} (${cell(source)}) | [${file}](../${file}) | [${
    cell(name)
  }](../${test}) |`;
}

/** The whole page as Markdown, before formatting. */
export function guardsPage(tables: ReadonlyMap<string, readonly Guard[]>): string {
  const rooms = [...tables].map(([room, guards]) =>
    [
      `## ${TITLES[room] ?? room}`,
      "",
      "| rule | kept by | goes red without it |",
      "| --- | --- | --- |",
      ...guards.map(lineOf),
    ].join("\n")
  );
  return `${[INTRODUCTION, ...rooms].join("\n\n")}\n`;
}
