/**
 * `deno task test`: runs the tests, shows them as they go, and ends with the counts and a word on the
 * parts that not every machine has. Extra arguments go to `deno test`, for example a file.
 */
import { join } from "node:path";
import { exists, projectDir } from "./places.ts";
import { countResults, partLines, readJUnit } from "./test_report.ts";

// Each permission by name; the network is this machine alone.
const PERMISSIONS = [
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys",
  "--allow-run",
  "--allow-ffi",
  "--allow-net=127.0.0.1,localhost,[::1],0.0.0.0",
];

/** Copies `from` to `to` and returns its text. */
async function show(
  from: ReadableStream<Uint8Array>,
  to: { writeSync(bytes: Uint8Array): number },
): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const part of from) {
    for (let sent = 0; sent < part.length;) sent += to.writeSync(part.subarray(sent));
    text += decoder.decode(part, { stream: true });
  }
  return text;
}

async function runTests(args: readonly string[]): Promise<number> {
  await Deno.mkdir(join(projectDir, ".samay"), { recursive: true });
  const report = join(projectDir, ".samay", "tests.xml");
  if (await exists(report)) await Deno.remove(report);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--no-prompt", ...PERMISSIONS, `--junit-path=${report}`, ...args],
    cwd: projectDir,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const [output, status] = await Promise.all([show(child.stdout, Deno.stdout), child.status]);
  const counts = countResults(output);
  if (counts === undefined) {
    console.error("samay: deno test came to no result; its own words are above");
    return 1;
  }
  const cases = await exists(report) ? readJUnit(await Deno.readTextFile(report)) : [];
  console.log(["", ...partLines(cases)].join("\n"));
  const { passed, failed, ignored } = counts;
  console.log(`${passed} passed, ${failed} failed, ${ignored} skipped`);
  return status.success && failed === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await runTests(Deno.args));
