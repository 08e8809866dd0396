/** The table in `docs/configuration.md`, made from the declarations so that it cannot lie. */
import type { Variable } from "./read.ts";
import { roleVariables } from "./roles.ts";
import { programVariables, variables } from "./variables.ts";

function rolesOf(variable: Variable<unknown>): string {
  const roles = Object.entries(roleVariables)
    .filter(([, of]) => Object.values(of).some((one: Variable<unknown>) => one === variable))
    .map(([role]) => role);
  return roles.length === 0 ? "all" : roles.join(", ");
}

function row(variable: Variable<unknown>): string {
  const name = variable.secret === true
    ? `\`${variable.name}\` (or \`${variable.name}_FILE\`)`
    : `\`${variable.name}\``;
  const fallback = variable.default === undefined ? "" : `\`${variable.default}\``;
  return `| ${name} | ${
    rolesOf(variable)
  } | ${variable.expects} | ${fallback} | ${variable.about} |`;
}

/** Markdown table of every variable. */
export function configurationTable(): string {
  return [
    "| variable | read by | expects | default | what for |",
    "| --- | --- | --- | --- | --- |",
    ...[...Object.values(variables), ...programVariables].map(row),
  ].join("\n");
}
