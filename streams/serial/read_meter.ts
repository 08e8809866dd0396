/** Reads one meter over a line: opens it, carries out what the protocol decides, closes it. */
import { type Framing } from "../../protocol/iec62056/characters.ts";
import { failureOf } from "../../protocol/iec62056/failure.ts";
import { TelegramListener } from "../../protocol/iec62056/listener.ts";
import type { ReaderAction, ReaderEvent, ReaderMachine } from "../../protocol/iec62056/machine.ts";
import { MeterReader } from "../../protocol/iec62056/reader.ts";
import type { Readout } from "../../protocol/iec62056/readout.ts";
import { isCaptureFile, readCapture } from "./capture_file.ts";
import { isSocketName, type Line, openLine } from "./line.ts";
import { MeterReadError } from "./meter_read_error.ts";

export { MeterReadError } from "./meter_read_error.ts";
export type { Readout, Register } from "../../protocol/iec62056/readout.ts";

export interface ReadMeterOptions {
  /** A device path, `tcp://host:port`, or a file with a captured telegram. */
  readonly line: string;
  /** Ask the meter (modes A, B, C, E; the default), or wait for what it sends by itself (mode D). */
  readonly mode?: "request" | "listen";
  /** Speed at the start: 300 on request, 115,200 when listening. */
  readonly baud?: number;
  /** Never change the line's speed; the meter's proposal is acknowledged all the same. */
  readonly fixedBaud?: boolean;
  /** Tell the meter to stay at the first speed. The default over `tcp://`, where none can be set. */
  readonly ignoreProposedBaud?: boolean;
  /** Extra pause between the acknowledgement and the change of speed, for slow adapters. */
  readonly settle_ms?: number;
  /** Device address; empty or absent for a meter that is alone on its line. */
  readonly address?: string;
  /** 7E1 on request, 8N1 when listening, unless given. */
  readonly framing?: Framing;
  /** Send the wake-up message for battery-driven meters first. */
  readonly wakeUp?: boolean;
  /** Limit for the whole reading; 60,000 unless given. */
  readonly timeout_ms?: number;
}

const DEFAULT_TIMEOUT_MS = 60_000;
const GRACE_MS = 500;

/**
 * One reading. Throws `MeterReadError` (retryable, with `reason` and one line of what to try),
 * `RangeError` for an address that cannot be, and the signal's reason when `signal` is aborted.
 */
export async function readMeter(options: ReadMeterOptions, signal?: AbortSignal): Promise<Readout> {
  signal?.throwIfAborted();
  const listen = options.mode === "listen";
  const framing = options.framing ?? (listen ? "8N1" : "7E1");
  if (await isCaptureFile(options.line)) return await readCapture(options.line, framing);
  const baud = options.baud ?? (listen ? 115_200 : 300);
  const timeout_ms = options.timeout_ms ?? DEFAULT_TIMEOUT_MS;
  const machine = listen
    ? new TelegramListener({ framing, timeout_ms })
    : requester(options, baud, framing, timeout_ms);
  // The machine keeps the time itself; this ends what it cannot: a connection or a write that hangs.
  const limit = AbortSignal.timeout(timeout_ms + GRACE_MS);
  const either = signal ? AbortSignal.any([signal, limit]) : limit;
  const line = await openLine(options.line, { baud, framing }, either);
  try {
    return await converse(line, machine, either);
  } catch (error) {
    if (error === limit.reason) throw new MeterReadError(failureOf("timed_out"), error);
    throw error;
  } finally {
    await line.close();
  }
}

function requester(
  options: ReadMeterOptions,
  baud: number,
  framing: Framing,
  timeout_ms: number,
): MeterReader {
  const socket = isSocketName(options.line);
  return new MeterReader({
    baud,
    framing,
    timeout_ms,
    address: options.address ?? "",
    fixedBaud: options.fixedBaud ?? false,
    ignoreProposedBaud: options.ignoreProposedBaud ?? (socket && !options.fixedBaud),
    settle_ms: options.settle_ms ?? 0,
    wakeUp: options.wakeUp ?? false,
    paced: !socket,
  });
}

/** Gives the machine what happens on the line, and does what it says, until it is done. */
async function converse(
  line: Line,
  machine: ReaderMachine,
  signal: AbortSignal,
): Promise<Readout> {
  const events = eventsOf(line, signal);
  let next: ReaderEvent | null = { kind: "start", now_ms: performance.now() };
  let timer_ms = Infinity;
  try {
    for (;;) {
      const actions: ReaderAction[] = machine.next(next);
      next = null;
      for (const action of actions) {
        if (action.kind === "done") return action.readout;
        if (action.kind === "failed") throw new MeterReadError(action.failure);
        if (action.kind === "wait") timer_ms = action.until_ms;
        else if (action.kind === "set_baud") await events.during(line.setBaud(action.baud));
        else {
          await events.during(line.write(action.bytes));
          next = { kind: "sent", now_ms: performance.now() };
        }
      }
      next ??= await events.next(timer_ms);
    }
  } finally {
    events.stop();
  }
}

/** What comes next from the line, the timer or the signal: one read is under way at any time. */
function eventsOf(line: Line, signal: AbortSignal) {
  let reading: Promise<ReaderEvent> | null = null;
  const read = async (): Promise<ReaderEvent> => {
    const bytes = await line.read();
    const now_ms = performance.now();
    return bytes === null ? { kind: "closed", now_ms } : { kind: "bytes", now_ms, bytes };
  };
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => "the one who awaits next() is told");
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort);
  return {
    async next(until_ms: number): Promise<ReaderEvent> {
      signal.throwIfAborted();
      reading ??= read();
      reading.catch(() => "told when it is awaited, or of no interest after the line is closed");
      const timer = Promise.withResolvers<ReaderEvent>();
      const wait_ms = Math.max(0, Math.min(until_ms - performance.now(), 2 ** 31 - 1));
      const id = setTimeout(
        () => timer.resolve({ kind: "timer", now_ms: performance.now() }),
        wait_ms,
      );
      try {
        const event = await Promise.race([reading, timer.promise, aborted.promise]);
        if (event.kind !== "timer") reading = null;
        return event;
      } finally {
        clearTimeout(id);
      }
    },
    /** Waits for `work` on the line. A line that fails in it is closed or unplugged. */
    async during(work: Promise<void>): Promise<void> {
      const ended = work.catch((error: Error) => {
        throw new MeterReadError(failureOf("line_closed", error.message), error);
      });
      await Promise.race([ended, aborted.promise]);
    },
    stop() {
      signal.removeEventListener("abort", onAbort);
    },
  };
}
