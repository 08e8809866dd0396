/** What processes take of the machine, from /proc; and children that report in JSON. */
import { fileURLToPath } from "node:url";

const PROJECT = fileURLToPath(new URL("../../../", import.meta.url));
const TICKS_A_SECOND = 100;

/** One or more processes that make up a part of the system. */
export type Pids = () => readonly number[];

export interface Usage {
  readonly cpu_s: number;
  readonly rss_mb: number;
  /** Of that what is no file and no memory shared on purpose, as PostgreSQL's buffers are. */
  readonly own_mb: number;
}

/** `pid` and whatever it started, as they are now. */
export function treeOf(pid: number): number[] {
  const children = new Map<number, number[]>();
  const { stdout } = new Deno.Command("ps", { args: ["-A", "-o", "pid=,ppid="] }).outputSync();
  for (const line of new TextDecoder().decode(stdout).trim().split("\n")) {
    const [child, parent] = line.trim().split(/\s+/).map(Number);
    children.set(parent!, [...children.get(parent!) ?? [], child!]);
  }
  const tree: number[] = [];
  for (const open = [pid]; open.length > 0;) {
    const next = open.pop()!;
    tree.push(next);
    open.push(...children.get(next) ?? []);
  }
  return tree;
}

export function usageOf(pids: readonly number[]): Usage {
  let ticks = 0;
  let rss_mb = 0;
  let own_mb = 0;
  for (const pid of pids) {
    const memory = memoryOf(pid);
    ticks += ticksOf(pid);
    rss_mb += memory.rss_mb;
    own_mb += memory.own_mb;
  }
  return { cpu_s: ticks / TICKS_A_SECOND, rss_mb, own_mb };
}

/** Processor time; none when the process has ended. Children that have ended count with their parent. */
function ticksOf(pid: number): number {
  const text = textOf(`/proc/${pid}/stat`);
  if (text === undefined) return 0;
  // The name stands in parentheses and may hold anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const [user, system, childUser, childSystem] = fields.slice(11, 15).map(Number);
  return user! + system! + childUser! + childSystem!;
}

/** Memory of its own and its share of what it has in common with others, in MB. */
function memoryOf(pid: number): { rss_mb: number; own_mb: number } {
  const text = textOf(`/proc/${pid}/smaps_rollup`) ?? "";
  const mb = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? 0) / 1_024;
  return { rss_mb: mb("Pss"), own_mb: mb("Pss_Anon") || mb("Anonymous") };
}

/** Through `cat`: Deno lets only a program with every permission read another process's files. */
function textOf(path: string): string | undefined {
  const { success, stdout } = new Deno.Command("cat", { args: [path], stderr: "null" })
    .outputSync();
  return success ? new TextDecoder().decode(stdout) : undefined; // It fails for one that has ended.
}

export interface Child<T> {
  readonly pid: number;
  /** What it printed last. Throws when it failed. */
  readonly result: Promise<T>;
  /** Resolves at a line that is `word` alone. */
  said(word: string): Promise<void>;
  kill(): void;
}

/** Runs `script` of this folder with `order` as JSON. Its last line is its result. */
export function startChild<T>(script: string, order: unknown, flags: string[] = []): Child<T> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-q", "--no-prompt", "--allow-all", ...flags],
      `tests/bench/headend/${script}`,
      JSON.stringify(order),
    ],
    cwd: PROJECT,
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const words = new Map<string, () => void>();
  let last = "";
  const reading = (async () => {
    let rest = "";
    for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) {
        last = line;
        words.get(line)?.();
      }
    }
  })();
  const result = (async () => {
    const { success } = await child.status;
    await reading;
    if (!success) throw new Error(`${script} failed`);
    return JSON.parse(last) as T;
  })();
  result.catch(() => {}); // Heard by whoever waits for it.
  return {
    pid: child.pid,
    result,
    said: (word) =>
      Promise.race([
        new Promise<void>((resolve) => words.set(word, resolve)),
        result.then(() => {}),
      ]),
    kill: () => {
      try {
        child.kill("SIGKILL");
      } catch (error) {
        if (!(error instanceof TypeError)) throw error; // It has ended already.
      }
    },
  };
}
