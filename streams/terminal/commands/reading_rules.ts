/** `samay reading rules`: the rules that readings are held against, and a file of one's own. */
import type { ValidationRules } from "../../../actors/validation/rules.ts";
import { type Command, Failure } from "../command.ts";
import { formatTable, terminalWidth } from "../table.ts";

export const command: Command = {
  name: "reading rules",
  summary: "Shows the rules of readings, or checks a file of your own",
  options: {
    file: { type: "string", placeholder: "FILE", help: "Checks this file and shows its rules" },
    json: { type: "boolean", help: "One JSON document: a file to begin with" },
  },
  help: `Without --file the rules that the running head-end goes by. SAMAY_VALIDATION_RULES names a
file of your own.

  samay reading rules
  samay reading rules --json > rules.json
  samay reading rules --file rules.json`,
  async run({ values }) {
    const rules = values.file === undefined ? await ofHeadEnd() : await ofFile(String(values.file));
    console.log(values.json === true ? JSON.stringify(rules, null, 2) : rulesTable(rules));
    return 0;
  },
};

async function ofHeadEnd(): Promise<ValidationRules> {
  const { askAsOperator } = await import("../../office/operator.ts");
  return await askAsOperator("reading-rules", {}) as ValidationRules;
}

async function ofFile(path: string): Promise<ValidationRules> {
  const { loadRules } = await import("../../validation/rules_file.ts");
  try {
    return await loadRules(path);
  } catch (error) {
    throw new Failure((error as Error).message);
  }
}

function rulesTable({ rules }: ValidationRules): string {
  const rows = Object.entries(rules).map(([code, { on_failure, ...limits }]) => [
    code,
    on_failure,
    Object.entries(limits).map(([name, value]) => `${name} ${value}`).join(", "),
  ]);
  return formatTable(
    [{ title: "Rule" }, { title: "On failure" }, { title: "Limits", flexible: true }],
    rows,
    { width: terminalWidth() },
  );
}
