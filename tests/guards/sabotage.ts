/** One mechanism taken out of a copy of the sources, and its test run there. */
import { join } from "node:path";
import { countResults } from "../../streams/tools/test_report.ts";
import type { Guard } from "./guard.ts";

/** A test that hangs without the mechanism counts as red: the limit was the mechanism. */
const TIMEOUT_MS = 180_000;
const COPIED = ["actors", "firmware", "migrations", "protocol", "streams", "tests"];
const COPIED_FILES = ["deno.json", "deno.lock", "main.ts"];
const LINKED = ["node_modules", ".tools"];

export type Outcome =
  | { readonly result: "red" }
  | { readonly result: "green" | "no_such_test" | "no_such_text"; readonly said: string };

/** Copies what tests need of `project` to `to`; what is large and not written to is linked. */
export async function copyProject(project: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for (const folder of COPIED) await copyFolder(join(project, folder), join(to, folder));
  for (const file of COPIED_FILES) await Deno.copyFile(join(project, file), join(to, file));
  for (const folder of LINKED) {
    const there = await Deno.stat(join(project, folder)).catch(() => undefined);
    if (there !== undefined) await Deno.symlink(join(project, folder), join(to, folder));
  }
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const entry of Deno.readDir(from)) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory) await copyFolder(source, target);
    else if (entry.isFile) await Deno.copyFile(source, target);
  }
}

/** How often `find` stands in `text`. */
export function occurrences(text: string, find: string): number {
  return text.split(find).length - 1;
}

/** Takes the mechanism of `guard` out of `copy`, runs its test, and puts the mechanism back. */
export async function sabotage(copy: string, guard: Guard): Promise<Outcome> {
  const path = join(copy, guard.file);
  const text = await Deno.readTextFile(path);
  if (occurrences(text, guard.find) !== 1) {
    return { result: "no_such_text", said: `"${guard.find}" does not stand once in ${guard.file}` };
  }
  const before = await runTest(copy, guard);
  if (before.passed === 0 || before.failed > 0) {
    return { result: "no_such_test", said: `with the mechanism in place: ${before.said}` };
  }
  // A function, since a text with `$` in it must go in as it stands.
  await Deno.writeTextFile(path, text.replace(guard.find, () => guard.replace));
  try {
    const after = await runTest(copy, guard);
    return after.failed > 0 ? { result: "red" } : { result: "green", said: after.said };
  } finally {
    await Deno.writeTextFile(path, text);
  }
}

interface Run {
  readonly passed: number;
  readonly failed: number;
  readonly said: string;
}

async function runTest(copy: string, { test, name }: Guard): Promise<Run> {
  const pattern = name.replaceAll(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-check", "--allow-all", "--filter", `/${pattern}/`, join(copy, test)],
    cwd: copy,
    env: { NO_COLOR: "1" },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, TIMEOUT_MS);
  const { stdout, stderr } = await child.output();
  clearTimeout(timer);
  if (late) return { passed: 0, failed: 1, said: `no end within ${TIMEOUT_MS / 1_000} s` };
  const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  const counts = countResults(output);
  // A file that does not even load proves nothing about the rule.
  if (counts === undefined) return { passed: 0, failed: 0, said: output.trim().slice(-400) };
  const { passed, failed } = counts;
  return { passed, failed, said: `${passed} passed, ${failed} failed` };
}
