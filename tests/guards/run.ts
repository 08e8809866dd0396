/**
 * `deno task guards`: takes each mechanism out of a copy and shows that its test goes red.
 *
 * `--room NAME` tries one table, `--only TEXT` the rules with this text, `--page` writes
 * docs/guards.md instead. Ends with 1 when a test stays green or a guard names nothing.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createProgress } from "../../streams/terminal/progress.ts";
import { projectDir } from "../../streams/tools/places.ts";
import type { Guard } from "./guard.ts";
import { guardsPage } from "./page.ts";
import { copyProject, sabotage } from "./sabotage.ts";
import { guardTables } from "./tables.ts";

const PAGE = join(projectDir, "docs", "guards.md");

async function writePage(): Promise<number> {
  await Deno.writeTextFile(PAGE, guardsPage(await guardTables()));
  const format = new Deno.Command(Deno.execPath(), { args: ["fmt", "-q", PAGE], cwd: projectDir });
  return (await format.output()).code;
}

async function chosen(room?: string, only = ""): Promise<Guard[]> {
  const tables = await guardTables();
  if (room !== undefined && !tables.has(room)) {
    throw new RangeError(`No room ${room}; there are ${[...tables.keys()].join(", ")}`);
  }
  return [...tables].filter(([name]) => room === undefined || name === room)
    .flatMap(([, guards]) => guards).filter(({ rule }) => rule.includes(only));
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

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { room: { type: "string" }, only: { type: "string" }, page: { type: "boolean" } },
  });
  if (values.page) return await writePage();
  await Deno.mkdir(join(projectDir, ".samay"), { recursive: true });
  const guards = await chosen(values.room, values.only);
  const faults = await tryAll(guards);
  console.log(`${guards.length - faults.length} of ${guards.length} guards go red when taken out`);
  return guards.length > 0 && faults.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main(Deno.args));
