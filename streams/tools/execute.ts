/** Runs a program to its end, with a time limit, and keeps what it said. */

export interface Execution {
  readonly ok: boolean;
  readonly stdout: string;
  /** The last line that is not empty, of stderr or else stdout: most tools put the reason there. */
  readonly lastLine: string;
}

export interface ExecuteOptions {
  readonly limit_ms: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

function lastLineOf(...texts: string[]): string {
  for (const text of texts) {
    const line = text.split("\n").map((one) => one.trim()).filter((one) => one !== "").at(-1);
    if (line !== undefined) return line;
  }
  return "";
}

/** Never throws for a program that is missing, fails, or takes too long: `ok` is false then. */
export async function execute(
  program: string,
  args: readonly string[],
  options: ExecuteOptions,
): Promise<Execution> {
  const signal = AbortSignal.timeout(options.limit_ms);
  try {
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
      signal,
      ...(options.env === undefined ? {} : { env: { ...options.env } }),
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    }).output();
    const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    const late = signal.aborted && !success;
    const lastLine = late ? `no end after ${options.limit_ms / 1_000} s` : lastLineOf(err!, out!);
    return { ok: success, stdout: out!, lastLine };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { ok: false, stdout: "", lastLine: error.message };
  }
}
