/** Software meters behind a socket: many meters with device addresses, as on one RS-485 line. */
import { AnsweringLine, type AnsweringMeter } from "../../protocol/iec62056/answer.ts";

export interface SoftwareMeter {
  /** Device address, up to 32 letters and digits; unique among the meters of one line. */
  readonly address: string;
  readonly serialNumber: string;
  readonly consumerNumber: string;
  /** The register in whole watt-hours at `now_ms`, milliseconds since 1970. */
  readonly energy_wh: (now_ms: number) => number;
  /** Error register F.F; 0 unless given. */
  readonly flags?: number;
  /** How often the cover was opened; 0 unless given. */
  readonly coverOpenings?: number;
}

export interface SoftwareMeterOptions {
  readonly meters: readonly SoftwareMeter[];
  readonly hostname?: string;
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** The clock that `energy_wh` is asked with. */
  readonly now_ms?: () => number;
}

export interface SoftwareMeters {
  /** The name to open: `tcp://127.0.0.1:40123`. */
  readonly line: string;
  /** Closes the port and every connection; resolves when nothing is left running. */
  stop(): Promise<void>;
}

/** A small third letter of the maker announces a reaction time of 20 ms in place of 200. */
const IDENTIFICATION = "SAm5SAMAY-SOFT-1";
const VERSION = "SOFT-1.0";
/** Readers at the same time on one line; more are turned away. */
const MAX_CONNECTIONS = 64;

/** Serves `meters` on one socket. Throws `RangeError` when two have the same address. */
export function serveSoftwareMeters(options: SoftwareMeterOptions): SoftwareMeters {
  const now_ms = options.now_ms ?? Date.now;
  const answering = options.meters.map((meter) => answeringMeter(meter, now_ms));
  new AnsweringLine(answering); // says what is wrong with the list before the port opens
  const hostname = options.hostname ?? "127.0.0.1";
  const listener = Deno.listen({ hostname, port: options.port ?? 0 });
  const connections = new Set<Deno.TcpConn>();
  const tasks = new Set<Promise<void>>();
  const accepting = (async () => {
    for await (const connection of listener) {
      if (connections.size >= MAX_CONNECTIONS) {
        connection.close();
        continue;
      }
      connections.add(connection);
      const task = serve(connection, new AnsweringLine(answering)).finally(() => {
        connections.delete(connection);
        tasks.delete(task);
      });
      tasks.add(task);
    }
  })();
  return {
    line: `tcp://${hostname.includes(":") ? `[${hostname}]` : hostname}:${listener.addr.port}`,
    async stop() {
      listener.close();
      for (const connection of connections) close(connection);
      await accepting;
      await Promise.all(tasks);
    },
  };
}

function answeringMeter(meter: SoftwareMeter, now_ms: () => number): AnsweringMeter {
  return {
    address: meter.address,
    identification: IDENTIFICATION,
    registers: () => ({
      consumerNumber: meter.consumerNumber,
      serialNumber: meter.serialNumber,
      energy_wh: meter.energy_wh(now_ms()),
      flags: meter.flags ?? 0,
      coverOpenings: meter.coverOpenings ?? 0,
      version: VERSION,
    }),
  };
}

async function serve(connection: Deno.TcpConn, line: AnsweringLine): Promise<void> {
  const buffer = new Uint8Array(256);
  try {
    connection.setNoDelay(true);
    for (;;) {
      const length = await connection.read(buffer);
      if (length === null) return;
      for (const action of line.take(buffer.subarray(0, length), performance.now())) {
        await new Promise((resolve) => setTimeout(resolve, action.after_ms));
        await writeAll(connection, action.bytes);
      }
    }
  } catch (error) {
    if (!isConnectionGone(error)) throw error;
  } finally {
    close(connection);
  }
}

async function writeAll(connection: Deno.TcpConn, bytes: Uint8Array): Promise<void> {
  for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
}

/** A reader that hangs up, or a stopped server, is no fault of the meter. */
const isConnectionGone = (error: unknown) =>
  error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.ConnectionAborted ||
  error instanceof Deno.errors.BrokenPipe || error instanceof Deno.errors.BadResource ||
  error instanceof Deno.errors.Interrupted;

function close(connection: Deno.TcpConn): void {
  try {
    connection.close();
  } catch (error) {
    // Both sides of the end may come here: the one that stops and the one that serves.
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}
