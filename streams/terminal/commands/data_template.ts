/** `samay data template`: an example of a file that `data import` takes. */
import { type Command, UsageError } from "../command.ts";
import { formatTable, terminalWidth } from "../table.ts";

export const command: Command = {
  name: "data template",
  summary: "Shows the columns of a file for data import, or writes an example",
  positionals: { usage: "consumers|meters|installations|readings", min: 1, max: 1 },
  options: { columns: { type: "boolean", help: "What each column means, instead of the example" } },
  help: `The example goes to stdout; row 1 has the names of the columns.

  samay data template readings > readings.csv
  samay data template readings --columns`,
  async run({ values, positionals }) {
    const { IMPORT_KINDS, IMPORTS } = await import("../../data/import_rows.ts");
    const kind = IMPORT_KINDS.find((one) => one === positionals[0]);
    if (kind === undefined) {
      throw new UsageError(
        `A template of what? ${IMPORT_KINDS.join(", ")}; not "${positionals[0]}"`,
      );
    }
    if (values.columns !== true) {
      const { templateOf } = await import("../../data/template.ts");
      Deno.stdout.writeSync(new TextEncoder().encode(templateOf(kind)));
      return 0;
    }
    const rows = Object.entries(IMPORTS[kind].columns).map((
      [name, { required, example, says }],
    ) => [name, required ? "must" : "may", example, says]);
    const columns = [{ title: "Column" }, { title: "" }, { title: "Example" }, {
      title: "Says",
      flexible: true,
    }];
    console.log(formatTable(columns, rows, { width: terminalWidth() }));
    return 0;
  },
};
