/**
 * A nats-server of our own: the development default, and what tests run. A child process on
 * loopback that ends with us.
 */
import { Failure } from "../terminal/command.ts";

export interface BrokerProcessOptions {
  /** Path of the nats-server program. */
  readonly program: string;
  /** Where JetStream keeps its files. */
  readonly dataDir: string;
  /** 0 chooses a free port. */
  readonly port?: number;
  /** A configuration file of your own; the data directory and port above still count. */
  readonly config?: string;
}

export interface BrokerProcess {
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Ends it as an operator would: lame-duck free, files flushed. */
  stop(): Promise<void>;
  /** Kills it as a power cut would, as far as a process can tell. */
  kill(): Promise<void>;
}

const START_TIMEOUT_MS = 15_000;
const STOP_TIMEOUT_MS = 10_000;

/** Starts nats-server and waits until it takes connections. Throws `Failure` with its own words. */
export async function startBrokerProcess(options: BrokerProcessOptions): Promise<BrokerProcess> {
  const port = options.port || freePort();
  await Deno.mkdir(options.dataDir, { recursive: true });
  const logFile = `${options.dataDir}/nats-server.log`;
  const child = new Deno.Command(options.program, {
    args: [
      "--jetstream",
      ...["--addr", "127.0.0.1", "--port", String(port)],
      ...["--store_dir", options.dataDir],
      ...["--log", logFile],
      ...(options.config ? ["--config", options.config] : []),
    ],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await untilReady(child, port, logFile);
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    pid: child.pid,
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

async function untilReady(child: Deno.ChildProcess, port: number, logFile: string): Promise<void> {
  let ended = false;
  child.status.then(() => ended = true);
  const deadline_ms = performance.now() + START_TIMEOUT_MS;
  while (!ended && performance.now() < deadline_ms) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch (error) {
      if (!(error instanceof Deno.errors.ConnectionRefused)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
  if (!ended) await end(child, "SIGKILL");
  const said = await Deno.readTextFile(logFile).catch(() => "it wrote no log");
  const last = said.trim().split("\n").at(-1) ?? "";
  throw new Failure(`nats-server did not start on port ${port}: ${last} (see ${logFile})`);
}

async function end(child: Deno.ChildProcess, signal: Deno.Signal): Promise<void> {
  let ended = false;
  const status = child.status.then(() => ended = true);
  try {
    child.kill(signal);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error; // TypeError: it has ended already.
  }
  const patience = setTimeout(() => {
    if (!ended) child.kill("SIGKILL");
  }, STOP_TIMEOUT_MS);
  await status;
  clearTimeout(patience);
}
