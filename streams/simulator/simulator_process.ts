/**
 * Speaks with the simulator process: a command is a line on its stdin, and each gets one JSON line
 * on its stdout. Events come in between. The process ends by itself when its stdin closes, so it
 * cannot outlive this program.
 */
import { parseJson, z } from "../../protocol/schema.ts";
import { TerminalError } from "../../protocol/errors.ts";

const Line = z.union([
  z.object({ event: z.literal("ready"), serial: z.string() }),
  z.object({ event: z.literal("power"), on: z.boolean() }),
  z.object({
    ok: z.literal(true),
    powered: z.boolean().optional(),
    simulated_s: z.number().optional(),
    pulses: z.number().optional(),
    watts: z.number().optional(),
  }),
  z.object({ ok: z.literal(false), error: z.string() }),
]);
export type SimulatorLine = z.infer<typeof Line>;
export type SimulatorEvent = Extract<SimulatorLine, { event: string }>;
export type SimulatorAnswer = Extract<SimulatorLine, { ok: true }>;

/** Commands that may wait for their answer at the same time. */
const PENDING_MAX = 64;
const STDERR_CHARACTERS_MAX = 4_000;
/** How long an orderly end may take before the process is killed. */
const STOP_TIMEOUT_MS = 5_000;

interface Pending {
  resolve(answer: SimulatorAnswer): void;
  reject(reason: Error): void;
}

export class SimulatorProcess {
  readonly #child: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #onEvent: (event: SimulatorEvent) => void;
  readonly #pending: Pending[] = [];
  #complaint = "";
  #ended: TerminalError | null = null;
  /** Resolves when the process is gone and its last words are read. Never rejects. */
  readonly gone: Promise<void>;

  constructor(program: string, args: string[], onEvent: (event: SimulatorEvent) => void) {
    this.#onEvent = onEvent;
    const command = new Deno.Command(program, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    });
    this.#child = command.spawn();
    this.#stdin = this.#child.stdin.getWriter();
    this.gone = this.#run();
  }

  async #run(): Promise<void> {
    const [status] = await Promise.all([
      this.#child.status,
      eachLine(this.#child.stdout, (line) => this.#takeOrKill(line)),
      eachLine(this.#child.stderr, (line) => {
        this.#complaint = (this.#complaint + line + "\n").slice(-STDERR_CHARACTERS_MAX);
      }),
    ]);
    const reason = this.#complaint.trim().split("\n").at(-1) || `exit code ${status.code}`;
    this.#ended = new TerminalError(`The simulated meter has ended: ${reason}.`);
    for (const { reject } of this.#pending.splice(0)) reject(this.#ended);
    // The process is gone, so its pipe may already be broken: closing it then has nothing to tell.
    await this.#stdin.close().catch(() => undefined);
  }

  /** A line that is none of ours means another program or version: it is not to be trusted further. */
  #takeOrKill(text: string): void {
    try {
      this.#take(parseJson(Line, text, "The simulator said"));
    } catch (error) {
      this.#complaint = String((error as Error).message);
      this.signal("SIGKILL");
    }
  }

  #take(line: SimulatorLine): void {
    if ("event" in line) return this.#onEvent(line);
    const pending = this.#pending.shift();
    if (line.ok) pending?.resolve(line);
    else pending?.reject(new TerminalError(`The simulated meter refused: ${line.error}.`));
  }

  /** Why the process ended, or null while it runs. */
  get ended(): TerminalError | null {
    return this.#ended;
  }

  /** Sends a command of firmware/simulator/README.md and waits for its answer. */
  async command(text: string): Promise<SimulatorAnswer> {
    if (this.#ended) throw this.#ended;
    if (this.#pending.length >= PENDING_MAX) {
      throw new TerminalError("Too many commands wait for the simulated meter.");
    }
    const { promise, resolve, reject } = Promise.withResolvers<SimulatorAnswer>();
    this.#pending.push({ resolve, reject });
    // A broken pipe means that the process has ended, which rejects the answer with its reason.
    this.#stdin.write(new TextEncoder().encode(`${text}\n`)).catch(() => undefined);
    return await promise;
  }

  /** Sends a signal; does nothing when the process has ended, which `gone` tells. */
  signal(signal: Deno.Signal): void {
    if (this.#ended) return;
    try {
      this.#child.kill(signal);
    } catch (error) {
      // It may end by itself at any moment before the signal: that is what TypeError and NotFound say.
      if (!(error instanceof TypeError) && !(error instanceof Deno.errors.NotFound)) throw error;
    }
  }

  /** Ends the process in order, or kills it when it does not end. */
  async stop(): Promise<void> {
    if (this.#ended) return;
    this.signal("SIGTERM");
    const timer = setTimeout(() => this.signal("SIGKILL"), STOP_TIMEOUT_MS);
    await this.gone;
    clearTimeout(timer);
  }
}

async function eachLine(
  stream: ReadableStream<Uint8Array>,
  take: (line: string) => void,
): Promise<void> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  }
}
