/**
 * A nats-server of our own: the development default, and what tests run. A child process on
 * loopback that ends with us.
 */
import { Failure } from "../terminal/command.ts";

/**
 * From here on the broker's runtime collects garbage eagerly (`GOMEMLIMIT`): what it keeps of blocks
 * that nobody reads goes then. What it needs beyond that it takes all the same.
 */
const MEMORY = "1GiB";

export interface BrokerProcessOptions {
  /** Path of the nats-server program. */
  readonly program: string;
  /** Where JetStream keeps its files. */
  readonly dataDir: string;
  /** 0 chooses a free port. */
  readonly port?: number;
  /** A configuration file of your own; the data directory and port above still count. */
  readonly config?: string;
  /**
   * Ctrl-C at the terminal reaches us alone, so that the broker outlives our draining. Only for a
   * caller that hears the signal and calls `stop()`: otherwise the broker would be left running.
   */
  readonly detached?: boolean;
}

export interface BrokerProcess {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Resolves when it has ended, whoever ended it. */
  readonly ended: Promise<void>;
  /** Ends it as an operator would: files flushed. */
  stop(): Promise<void>;
  /** Kills it as a power cut would, as far as a process can tell. */
  kill(): Promise<void>;
}

const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 10_000;

/**
 * Starts nats-server and waits until it takes connections. Throws `Failure` with its own words, or
 * when somebody else has the port. It is stopped by `stop()`, or at the latest when this process
 * ends of itself.
 */
export async function startBrokerProcess(options: BrokerProcessOptions): Promise<BrokerProcess> {
  const port = options.port || freePort();
  if (isTaken(port)) {
    throw new Failure(
      `Port ${port} is in use already, by another nats-server perhaps: stop the other one, or set SAMAY_NATS_URL to use it`,
    );
  }
  await Deno.mkdir(options.dataDir, { recursive: true });
  const logFile = `${options.dataDir}/nats-server.log`;
  const logged = await lengthOf(logFile);
  const child = new Deno.Command(options.program, {
    args: [
      "--jetstream",
      ...["--addr", "127.0.0.1", "--port", String(port)],
      ...["--store_dir", options.dataDir],
      ...["--log", logFile],
      ...(options.config ? ["--config", options.config] : []),
    ],
    env: { GOMEMLIMIT: Deno.env.get("GOMEMLIMIT") ?? MEMORY },
    stdin: "null",
    stdout: "null",
    stderr: "null",
    detached: options.detached ?? false,
  }).spawn();
  const lastResort = () => signal(child, "SIGTERM");
  globalThis.addEventListener("unload", lastResort);
  child.status.then(() => globalThis.removeEventListener("unload", lastResort));
  await untilReady(child, port, { path: logFile, from: logged });
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    pid: child.pid,
    ended: child.status.then(() => {}),
    stop: () => end(child, "SIGTERM"),
    kill: () => end(child, "SIGKILL"),
  };
}

/** A port that nobody listened on a moment ago. */
export function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const port = (listener.addr as Deno.NetAddr).port;
  listener.close();
  return port;
}

function isTaken(port: number): boolean {
  try {
    Deno.listen({ hostname: "127.0.0.1", port }).close();
    return false;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return true;
    throw error;
  }
}

/** What nats-server writes once it takes connections; a connection might be another server's. */
const READY = "Server is ready";

/** The log of earlier runs lies in front of `from`. */
interface RunLog {
  readonly path: string;
  readonly from: number;
}

async function untilReady(child: Deno.ChildProcess, port: number, log: RunLog): Promise<void> {
  let ended = false;
  child.status.then(() => ended = true);
  const deadline_ms = performance.now() + START_TIMEOUT_MS;
  let said = "";
  while (!ended && performance.now() < deadline_ms) {
    said = await textOf(log);
    if (said.includes(READY) && !ended) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  if (!ended) await end(child, "SIGKILL");
  said = await textOf(log);
  const last = said.trim().split("\n").at(-1) || "it wrote no log";
  throw new Failure(`nats-server did not start on port ${port}: ${last} (see ${log.path})`);
}

async function lengthOf(path: string): Promise<number> {
  try {
    return (await Deno.stat(path)).size;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return 0;
    throw error;
  }
}

async function textOf(log: RunLog): Promise<string> {
  if (await lengthOf(log.path) <= log.from) return "";
  const bytes = await Deno.readFile(log.path);
  return new TextDecoder().decode(bytes.subarray(log.from));
}

function signal(child: Deno.ChildProcess, name: Deno.Signal): void {
  try {
    child.kill(name);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // TypeError: it has ended already.
  }
}

async function end(child: Deno.ChildProcess, name: Deno.Signal): Promise<void> {
  let ended = false;
  const status = child.status.then(() => ended = true);
  signal(child, name);
  const patience = setTimeout(() => {
    if (!ended) child.kill("SIGKILL");
  }, STOP_TIMEOUT_MS);
  await status;
  clearTimeout(patience);
}
