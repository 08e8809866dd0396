/** A line to a meter by its name: a serial device, a pseudo-terminal, or a socket to a converter. */
import type { Framing } from "../../protocol/iec62056/characters.ts";
import { failureOf } from "../../protocol/iec62056/failure.ts";
import { openSerialStream, type SerialStream } from "./binding.ts";
import { MeterReadError } from "./meter_read_error.ts";

export interface Line {
  /** Whether characters take their time on it: true for a serial port, false for a socket. */
  readonly paced: boolean;
  /** The next bytes, or null when the line was closed, here or on the other side. */
  read(): Promise<Uint8Array | null>;
  /** Resolves when the bytes have left, as far as the system knows. */
  write(bytes: Uint8Array): Promise<void>;
  /** Changes the speed. A socket has none: nothing happens. */
  setBaud(baud: number): Promise<void>;
  /** May be called while a read waits: that read gives null. A second call does nothing. */
  close(): Promise<void>;
}

export interface LineSettings {
  readonly baud: number;
  readonly framing: Framing;
}

/** How much is kept for a reader that does not come. A readout is a few thousand bytes. */
const HELD_BYTES_MAX = 16_384;

const TCP = /^tcp:\/\/(\[[0-9a-fA-F:]+\]|[^/:[\]]+):(\d{1,5})\/?$/;

/** Whether `name` is a socket (`tcp://host:port`) and not a path. */
export const isSocketName = (name: string) => name.startsWith("tcp:");

/**
 * Opens the line `name`: a device path or `tcp://host:port`.
 * Throws `MeterReadError` (`line_unavailable`) that says what to do.
 */
export function openLine(name: string, settings: LineSettings, signal?: AbortSignal) {
  return isSocketName(name) ? openSocket(name, signal) : openSerial(name, settings);
}

async function openSerial(path: string, settings: LineSettings): Promise<Line> {
  const sevenBits = settings.framing === "7E1";
  try {
    const stream = await openSerialStream({
      path,
      baudRate: settings.baud,
      dataBits: sevenBits ? 7 : 8,
      parity: sevenBits ? "even" : "none",
    });
    return serialLine(stream);
  } catch (error) {
    throw unavailable(path, error, adviceFor(String((error as Error).message), settings.baud));
  }
}

function adviceFor(message: string, baud: number): string {
  if (/lock/i.test(message)) return "another program is using it";
  if (/no such (file|device)|ENOENT|ENXIO/i.test(message)) return "is the adapter plugged in?";
  if (/permission/i.test(message)) return "add your user to the group that owns it, often dialout";
  if (/ioctl|not a (tty|typewriter)/i.test(message)) return "it is no serial line";
  if (/baud/i.test(message)) return `the adapter may not support ${baud} baud`;
  return "check the path";
}

function unavailable(name: string, error: unknown, advice: string): MeterReadError {
  const said = String((error as Error).message).replace(/\s+/g, " ").replace(/^Error:? ?/, "");
  return new MeterReadError(failureOf("line_unavailable", `${name}: ${said}; ${advice}`), error);
}

function serialLine(stream: SerialStream): Line {
  const chunks: Uint8Array[] = [];
  let held_bytes = 0;
  let ended = false;
  let wake: (() => void) | null = null;
  const notify = () => {
    wake?.();
    wake = null;
  };
  const end = () => {
    ended = true;
    notify();
  };
  stream.on("data", (chunk: Uint8Array) => {
    chunks.push(Uint8Array.from(chunk));
    held_bytes += chunk.length;
    // Beyond this the terminal has to hold what comes, and in the end the sender.
    if (held_bytes >= HELD_BYTES_MAX) stream.pause();
    notify();
  });
  stream.on("close", end);
  stream.on("error", end);
  const call = (act: (done: (error: Error | null | undefined) => void) => void) =>
    new Promise<void>((resolve, reject) => act((error) => error ? reject(error) : resolve()));
  return {
    paced: true,
    async read() {
      while (chunks.length === 0 && !ended) await new Promise<void>((resolve) => wake = resolve);
      const chunk = chunks.shift() ?? null;
      held_bytes -= chunk?.length ?? 0;
      if (stream.isPaused() && held_bytes < HELD_BYTES_MAX / 2) stream.resume();
      return chunk;
    },
    async write(bytes) {
      await call((done) => stream.write(bytes, done));
      await call((done) => stream.drain(done));
    },
    setBaud: (baud) => call((done) => stream.update({ baudRate: baud }, done)),
    close: () => stream.isOpen ? call((done) => stream.close(done)) : Promise.resolve(),
  };
}

async function openSocket(name: string, signal?: AbortSignal): Promise<Line> {
  const match = TCP.exec(name);
  const port = Number(match?.[2]);
  if (!match || port < 1 || port > 65_535) {
    throw unavailable(name, new Error("not understood"), "write tcp://host:port");
  }
  try {
    const hostname = match[1]!.replace(/^\[|\]$/g, "");
    const connection = await Deno.connect({ hostname, port, ...(signal ? { signal } : {}) });
    connection.setNoDelay(true);
    return socketLine(connection);
  } catch (error) {
    throw unavailable(name, error, "is the converter switched on and the port right?");
  }
}

function socketLine(connection: Deno.TcpConn): Line {
  const buffer = new Uint8Array(4_096);
  let open = true;
  return {
    paced: false,
    async read() {
      try {
        const length = open ? await connection.read(buffer) : null;
        return length === null ? null : buffer.slice(0, length);
      } catch (error) {
        if (!open || isGone(error)) return null;
        throw error;
      }
    },
    async write(bytes) {
      for (let sent = 0; sent < bytes.length;) sent += await connection.write(bytes.subarray(sent));
    },
    setBaud: () => Promise.resolve(),
    close() {
      if (open) connection.close();
      open = false;
      return Promise.resolve();
    },
  };
}

const isGone = (error: unknown) =>
  error instanceof Deno.errors.ConnectionReset || error instanceof Deno.errors.ConnectionAborted ||
  error instanceof Deno.errors.BrokenPipe;
