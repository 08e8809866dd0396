/** An NTP server over UDP (RFC 5905): answers from a clock, slows down who asks too often. */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { isIP } from "node:net";
import { RetryableError } from "../../protocol/errors.ts";
import { RateLimit } from "../../protocol/ntp/rate_limit.ts";
import { answer, isQuestion, kiss, type ServerClock } from "../../protocol/ntp/respond.ts";
import { type Log, silentLog } from "../terminal/log.ts";
import { type LocalClock, systemClock } from "./local_clock.ts";

export interface TimeServerOptions {
  readonly host: string;
  /** 0: any free port. */
  readonly port: number;
  readonly describe: () => ServerClock;
  readonly clock?: LocalClock;
  readonly rateLimit?: RateLimit;
  readonly log?: Log;
}

/** What became of the packets that came. */
export interface ServedCounts {
  readonly answered: number;
  /** Told to slow down. */
  readonly kissed: number;
  /** Not answered, as the address had been told to slow down. */
  readonly limited: number;
  /** Not answered, as they are no question of a client. */
  readonly malformed: number;
}

export interface RunningTimeServer {
  readonly port: number;
  counts(): ServedCounts;
  stop(): Promise<void>;
}

/** The address or its port is not to be had: `code` is the system's, as `EADDRINUSE`. */
export class CannotServeError extends RetryableError {
  override readonly name = "CannotServeError";
  readonly code: string;
  constructor(message: string, code: string) {
    super(message);
    this.code = code;
  }
}

async function bound(socket: Socket, { host, port }: TimeServerOptions): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  socket.once("error", reject);
  socket.bind(port, host, resolve);
  try {
    await promise;
  } catch (error) {
    const { message, code = "" } = error as Error & { code?: string };
    throw new CannotServeError(`Cannot serve time on ${host}:${port}: ${message}`, code);
  } finally {
    socket.off("error", reject);
  }
}

/** An error of the socket is told once while it is the same, and ends nothing. */
function tellErrors(socket: Socket, log: Log): void {
  let said = "";
  socket.on("error", ({ message }: Error) => {
    if (message !== said) log.error("time socket", { reason: message });
    said = message;
  });
}

/** A burst as `iburst` of the usual clients sends it, then one question every two seconds. */
export function usualRateLimit(): RateLimit {
  return new RateLimit({ burst: 16, rate_hz: 0.5, addresses_max: 4_096 });
}

/** Starts a server on `socket`. Throws `RetryableError` when address and port cannot be had. */
export async function serveTimeUdp(
  options: TimeServerOptions,
  socket: Socket = createSocket(isIP(options.host) === 6 ? "udp6" : "udp4"),
): Promise<RunningTimeServer> {
  const clock = options.clock ?? systemClock;
  const limit = options.rateLimit ?? usualRateLimit();
  await bound(socket, options);
  tellErrors(socket, options.log ?? silentLog);
  const counts = { answered: 0, kissed: 0, limited: 0, malformed: 0 };
  socket.on("message", (bytes: Uint8Array, from: RemoteInfo) => {
    const received_ns = clock.now_ns();
    // What is no question uses up nobody's allowance, and no memory.
    if (!isQuestion(bytes)) {
      counts.malformed++;
      return;
    }
    const verdict = limit.judge(from.address, clock.monotonic_s());
    if (verdict === "drop") {
      counts.limited++;
      return;
    }
    counts[verdict === "kiss" ? "kissed" : "answered"]++;
    const reply = verdict === "kiss"
      ? kiss(bytes, "RATE", received_ns)
      : answer(bytes, options.describe(), received_ns, clock.now_ns());
    // An answer that cannot be sent is an answer lost on the way: the client asks again.
    if (reply !== undefined) socket.send(reply, from.port, from.address, () => {});
  });
  return {
    port: socket.address().port,
    counts: () => ({ ...counts }),
    stop: () => new Promise((done) => socket.close(() => done())),
  };
}
