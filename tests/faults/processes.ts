/** Roles as processes of their own, with the permissions of their tasks, that a test may kill. */
import { fileURLToPath } from "node:url";

const PROJECT = fileURLToPath(new URL("../../", import.meta.url));

/** The flags of a task in deno.json, between `deno run` and `main.ts`. */
async function flagsOf(task: string): Promise<string[]> {
  const { tasks } = JSON.parse(await Deno.readTextFile(`${PROJECT}deno.json`));
  const words: string[] = tasks[task].command.split(" ");
  return words.slice(words.indexOf("run") + 1, words.indexOf("main.ts"));
}

export interface RoleProcess {
  readonly pid: number;
  /** As a power cut: nothing is saved, nobody is told. */
  kill(): Promise<void>;
  /** As an operator: drains. Returns the exit code. */
  stop(): Promise<number>;
  /** What it logged so far. */
  log(): Promise<string>;
}

export interface RoleProcessOptions {
  readonly task: string;
  readonly args?: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** More flags of the runtime, in front of the program. */
  readonly flags?: readonly string[];
}

/** Each piece is in the file at once, so that a test may read what was said a moment ago. */
export async function copyLines(
  from: ReadableStream<Uint8Array>,
  to: Deno.FsFile,
): Promise<void> {
  for await (const piece of from) {
    for (let sent = 0; sent < piece.length;) sent += to.writeSync(piece.subarray(sent));
  }
  to.close();
}

/** Starts `main.ts <task>` as the task would. The folder of `logFile` is made writable to it. */
export async function startRole(options: RoleProcessOptions): Promise<RoleProcess> {
  const { task, args = [], env, logFile, flags: more = [] } = options;
  const flags = (await flagsOf(task)).map((flag) =>
    // The tests keep their data in a temporary folder in place of .samay.
    flag.replace(/^(--allow-(?:read|write))=(.*)$/, `$1=$2,${env.SAMAY_DATA_DIR}`)
  );
  const log = await Deno.open(logFile, { create: true, append: true });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", ...flags, ...more, "main.ts", task, ...args],
    cwd: PROJECT,
    env: { ...env },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  const copying = copyLines(child.stderr, log);
  const end = async (signal: Deno.Signal): Promise<number> => {
    try {
      child.kill(signal);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // It has ended already.
    }
    const { code } = await child.status;
    await copying;
    return code;
  };
  return {
    pid: child.pid,
    kill: async () => void await end("SIGKILL"),
    stop: () => end("SIGTERM"),
    log: () => Deno.readTextFile(logFile),
  };
}
