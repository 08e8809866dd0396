/** The texts of `--help`: an overview, one group, one command. */
import type { Command } from "./command.ts";
import type { Paint } from "./colour.ts";
import { groups, type Registry } from "./registry.ts";
import { formatTable } from "./table.ts";

const INDENT = "  ";

function indent(text: string): string {
  return text.split("\n").map((line) => line === "" ? line : INDENT + line).join("\n");
}

/** Two columns without a heading. */
function pairs(rows: readonly (readonly string[])[]): string {
  const table = formatTable([{ title: "" }, { title: "" }], rows);
  return indent(table.split("\n").slice(1).join("\n"));
}

function listed(registry: Registry, names: readonly string[]): string {
  return pairs(names.map((name) => [name, registry[name]!.summary]));
}

/** `samay --help`. */
export function overview(registry: Registry, paint: Paint): string {
  const names = Object.keys(registry);
  // A command that is the first word of others, as `lab` of `lab aes`, stands with them.
  const single = names.filter((name) => !name.includes(" ") && !Object.hasOwn(groups, name));
  const first = single.filter((name) => ["demo", "start", "setup", "doctor"].includes(name));
  const roles = single.filter((name) => ["slave", "master", "billing", "console"].includes(name));
  const others = single.filter((name) => !first.includes(name) && !roles.includes(name));
  const section = (title: string, body: string) => `${paint("bold", title)}\n${body}`;
  const parts = [
    "Samay: a smart-meter head-end, from the pulse on the meter to the bill in the mailbox.",
    `${paint("bold", "Usage:")} samay <command> [options]     (deno task samay <command> ...)`,
    section("Start here", listed(registry, first)),
    section("Roles, one process each", listed(registry, roles)),
    ...Object.entries(groups).map(([group, about]) => {
      const members = names.filter((name) => name === group || name.startsWith(`${group} `));
      return members.length === 0 ? "" : section(about, listed(registry, members));
    }),
    others.length === 0 ? "" : section("Others", listed(registry, others)),
    "samay <command> --help teaches one command. Exit codes: 0 done, 1 failed, 2 wrong usage.\n" +
    "Results go to stdout (one JSON document with --json), everything else to stderr.\n" +
    "Configuration comes from the environment: docs/configuration.md has every variable.",
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** `samay meter --help`. */
export function groupHelp(registry: Registry, group: string, paint: Paint): string {
  const names = Object.keys(registry).filter((name) => name.startsWith(`${group} `));
  return [
    `samay ${group}: ${groups[group] ?? ""}`,
    `${paint("bold", "Usage:")} samay ${group} <command> [options]`,
    listed(registry, names),
    `samay ${group} <command> --help teaches one of them.`,
  ].join("\n\n");
}

function optionRow(name: string, option: Command["options"][string]): string[] {
  const short = option.short === undefined ? "" : `-${option.short}, `;
  const value = option.type === "string" ? ` ${option.placeholder ?? "VALUE"}` : "";
  const notes = [
    option.multiple === true ? "may be given more than once" : "",
    option.default === undefined || option.default === false
      ? ""
      : `default: ${String(option.default)}`,
  ].filter((note) => note !== "");
  const about = notes.length === 0 ? option.help : `${option.help} (${notes.join("; ")})`;
  return [`${short}--${name}${value}`, about];
}

/** `samay meter read --help`. */
export function commandHelp(command: Command, paint: Paint): string {
  const usage = [
    `samay ${command.name}`,
    command.positionals?.usage ?? "",
    Object.keys(command.options).length === 0 ? "" : "[options]",
  ].filter((part) => part !== "").join(" ");
  const options = [
    ...Object.entries(command.options).map(([name, option]) => optionRow(name, option)),
    ["-h, --help", "Shows this text"],
  ];
  return [
    `${paint("bold", "Usage:")} ${usage}`,
    `${command.summary}.`.replace(/\.\.$/, "."),
    command.help.trim(),
    `${paint("bold", "Options")}\n${pairs(options)}`,
  ].filter((part) => part !== "").join("\n\n");
}
