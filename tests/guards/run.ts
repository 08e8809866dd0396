/**
 * `deno task guards`: takes each mechanism out of a copy and shows that its test goes red.
 *
 * Ends with 1 when a test stays green or a guard names nothing, with 2 when it is called wrongly.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { UsageError } from "../../streams/terminal/command.ts";
import { createProgress } from "../../streams/terminal/progress.ts";
import { projectDir } from "../../streams/tools/places.ts";
import type { Guard } from "./guard.ts";
import { guardsPage } from "./page.ts";
import { copyProject, sabotage } from "./sabotage.ts";
import { guardTables } from "./tables.ts";

const HELP = `Usage: deno task guards [options]

Takes each mechanism out of a copy and shows that its test goes red. Exit code 1 when one stays green.

  --room NAME  Only the table of this name
  --only TEXT  Only rules that have this text
  --page       Writes docs/guards.md instead
  --help       Shows this text`;

const PAGE = join(projectDir, "docs", "guards.md");

async function writePage(): Promise<number> {
  await Deno.writeTextFile(PAGE, guardsPage(await guardTables()));
  const format = new Deno.Command(Deno.execPath(), { args: ["fmt", "-q", PAGE], cwd: projectDir });
  return (await format.output()).code;
}

async function chosen(room?: string, only = ""): Promise<Guard[]> {
  const tables = await guardTables();
  if (room !== undefined && !tables.has(room)) {
    throw new UsageError(`there is no room ${room}: it is one of ${[...tables.keys()].join(", ")}`);
  }
  const found = [...tables].filter(([name]) => room === undefined || name === room)
    .flatMap(([, guards]) => guards).filter(({ rule }) => rule.includes(only));
  if (found.length > 0) return found;
  throw new UsageError(`no rule${room === undefined ? "" : ` of ${room}`} has the text "${only}"`);
}

/** Tries `guards` one after the other; the faults as text. */
async function tryAll(guards: readonly Guard[]): Promise<string[]> {
  const folder = await Deno.makeTempDir({ dir: join(projectDir, ".samay"), prefix: "guards-" });
  const progress = createProgress();
  const faults: string[] = [];
  try {
    await copyProject(projectDir, folder);
    for (const [i, guard] of guards.entries()) {
      progress.update(i, guards.length, guard.rule.slice(0, 60));
      const outcome = await sabotage(folder, guard);
      if (outcome.result === "red") continue;
      faults.push(`${outcome.result}: ${guard.rule} (${guard.test}): ${outcome.said}`);
      progress.stage(faults.at(-1)!);
    }
  } finally {
    progress.end();
    await Deno.remove(folder, { recursive: true });
  }
  return faults;
}

const OPTIONS = {
  room: { type: "string" },
  only: { type: "string" },
  page: { type: "boolean" },
  help: { type: "boolean", short: "h" },
} as const;

function optionsIn(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS }).values;
  } catch (error) {
    // What parseArgs says is for people; the rest of its lines is not.
    throw new UsageError((error as Error).message.split("\n")[0]);
  }
}

async function main(args: string[]): Promise<number> {
  const values = optionsIn(args);
  if (values.help) {
    console.log(HELP);
    return 0;
  }
  if (values.page) return await writePage();
  await Deno.mkdir(join(projectDir, ".samay"), { recursive: true });
  const guards = await chosen(values.room, values.only);
  const faults = await tryAll(guards);
  console.log(`${guards.length - faults.length} of ${guards.length} guards go red when taken out`);
  return faults.length === 0 ? 0 : 1;
}

/** As the command line calls it: the exit code, with wrong usage told in one line. */
export async function run(args: string[]): Promise<number> {
  try {
    return await main(args);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    console.error(`guards: ${error.message}; see: deno task guards --help`);
    return 2;
  }
}

if (import.meta.main) Deno.exit(await run(Deno.args));
