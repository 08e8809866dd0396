import { gatherFacts } from "../../tools/facts.ts";
import { createPaint } from "../colour.ts";
import type { Command } from "../command.ts";
import { formatTable, terminalWidth } from "../table.ts";

export const command: Command = {
  name: "doctor",
  summary: "Checks this machine and says what is missing and how to get it",
  options: {
    json: { type: "boolean", help: "Prints the facts as JSON" },
  },
  help: `Looks for everything that Samay uses and changes nothing. Exit 0 when the essentials
are there: Deno, nats-server, the fonts, a writable data folder, a free port.

Examples
  deno task doctor
  deno task doctor --json`,
  async run({ values }) {
    const facts = await gatherFacts();
    const lost = facts.filter((fact) => fact.essential && !fact.ok);
    if (values.json === true) {
      console.log(JSON.stringify({ ok: lost.length === 0, facts }));
      return lost.length === 0 ? 0 : 1;
    }
    const paint = createPaint();
    const rows = facts.map(({ part, ok, essential, version, where }) => {
      const state = ok ? "ok" : essential ? "MISSING" : "missing";
      return [part, state, version, where];
    });
    const columns = [
      { title: "part" },
      { title: "state" },
      { title: "version" },
      { title: "where", flexible: true },
    ];
    const options = { width: terminalWidth(), heading: (text: string) => paint("bold", text) };
    console.log(formatTable(columns, rows, options));
    const remedies = facts.filter((fact) => !fact.ok).map(({ part, remedy, essential }) =>
      paint(essential ? "red" : "yellow", `${part}: ${remedy}`)
    );
    if (remedies.length > 0) console.log(["", ...remedies].join("\n"));
    return lost.length === 0 ? 0 : 1;
  },
};
