/** One question to an NTP server over UDP, from a random port that no other question uses. */
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { lookup } from "node:dns/promises";
import { isIP } from "node:net";
import { RetryableError } from "../../protocol/errors.ts";
import {
  judgeAnswer,
  type Question,
  questionBytes,
  type TimeRejectReason,
  type Verdict,
} from "../../protocol/ntp/exchange.ts";
import type { LocalClock } from "./local_clock.ts";
import { randomNonce } from "./nonce.ts";

export const NTP_PORT = 123;

export interface TimeServer {
  readonly host: string;
  readonly port: number;
}

/** `HOST`, `HOST:PORT` or `[IPV6]:PORT`; undefined when it is none of these. */
export function parseTimeServer(text: string): TimeServer | undefined {
  if (isIP(text) === 6) return { host: text, port: NTP_PORT };
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]+))(?::(\d{1,5}))?$/.exec(text);
  if (match === null) return undefined;
  const port = match[3] === undefined ? NTP_PORT : Number(match[3]);
  if (port < 1 || port > 65_535) return undefined;
  return { host: (match[1] ?? match[2])!, port };
}

/** The address of a name, as `node:dns` gives it. */
export type FindAddress = (
  host: string,
) => Promise<{ readonly address: string; readonly family: number }>;

/** So many silences in a row, and the name is looked up anew: another server may be behind it. */
const SILENT_MAX = 4;

/** Asks a server. `refused` hears of each packet that was thrown away. */
export type AskServer = (
  signal?: AbortSignal,
  refused?: (reason: TimeRejectReason) => void,
) => Promise<Verdict>;

/**
 * An association with `server`. Its name is looked up once and again after silence, not for each
 * question: behind the name of a pool is another server each time, and one filter wants one clock.
 *
 * Packets that are not the answer (spoofed, malformed) do not end the wait; if
 * nothing better comes, the first of their reasons is the verdict. Throws `RetryableError` when the
 * name does not resolve, the port is closed or nothing at all comes within `timeout_ms`.
 */
export function udpAsker(
  server: TimeServer,
  clock: LocalClock,
  timeout_ms: number,
  find: FindAddress = lookup,
): AskServer {
  const name = `${server.host}:${server.port}`;
  let known: { readonly address: string; readonly family: number } | undefined;
  let silent = 0;
  return async (signal, refused) => {
    known ??= await resolved(find(server.host), name, timeout_ms, signal);
    const socket = createSocket(known.family === 6 ? "udp6" : "udp4");
    const peer = { host: known.address, port: server.port };
    try {
      const verdict = await converse(socket, peer, name, { clock, timeout_ms, signal, refused });
      silent = 0;
      return verdict;
    } catch (error) {
      if (++silent % SILENT_MAX === 0) known = undefined;
      throw error;
    } finally {
      socket.close();
    }
  };
}

/** Asks `server` once: see `udpAsker`. */
export function askUdp(
  server: TimeServer,
  clock: LocalClock,
  timeout_ms: number,
  signal?: AbortSignal,
  refused?: (reason: TimeRejectReason) => void,
): Promise<Verdict> {
  return udpAsker(server, clock, timeout_ms)(signal, refused);
}

/** What `looking` finds, within `timeout_ms`: a resolver may take longer, and hears no signal. */
function resolved<T>(
  looking: Promise<T>,
  name: string,
  timeout_ms: number,
  signal: AbortSignal | undefined,
): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const fail = (why: string) =>
    reject(new RetryableError(`Time server ${name}: the name does not resolve (${why})`));
  const timer = setTimeout(() => fail(`not within ${timeout_ms} ms`), timeout_ms);
  const abort = () => reject(signal?.reason);
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  looking.then(resolve, (error: Error) => fail(error.message));
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  });
}

/** Reasons of a packet that somebody else may have sent: the true answer may still come. */
const NOT_THE_ANSWER: ReadonlySet<TimeRejectReason> = new Set([
  "wrong_length",
  "wrong_version",
  "wrong_mode",
  "bogus_origin",
]);

interface Circumstances {
  readonly clock: LocalClock;
  readonly timeout_ms: number;
  readonly signal: AbortSignal | undefined;
  readonly refused: ((reason: TimeRejectReason) => void) | undefined;
}

/** So many false packets are looked at while one answer is waited for; then the wait is over. */
const PACKETS_MAX = 64;

function converse(
  socket: Socket,
  peer: TimeServer,
  name: string,
  { clock, timeout_ms, signal, refused }: Circumstances,
): Promise<Verdict> {
  const question: Question = { nonce: randomNonce(), sent_ns: clock.now_ns(), answered: false };
  const { promise, resolve, reject } = Promise.withResolvers<Verdict>();
  let poor: Verdict | undefined;
  let packets = 0;
  const timer = setTimeout(() => {
    if (poor !== undefined) return resolve(poor);
    reject(new RetryableError(`Time server ${name}: no answer within ${timeout_ms} ms`));
  }, timeout_ms);
  const abort = () => reject(signal?.reason);
  signal?.addEventListener("abort", abort, { once: true });
  const fail = (error: Error) =>
    reject(new RetryableError(`Time server ${name}: ${error.message}`));
  socket.on("error", fail);
  socket.on("message", (bytes: Uint8Array, from: RemoteInfo) => {
    const received_ns = clock.now_ns();
    if (from.address !== peer.host || from.port !== peer.port) return;
    const verdict = judgeAnswer(question, bytes, received_ns);
    if (verdict.accepted || !NOT_THE_ANSWER.has(verdict.reason)) return resolve(verdict);
    refused?.(verdict.reason);
    poor ??= verdict;
    if (++packets >= PACKETS_MAX) resolve(poor);
  });
  socket.bind(0, () => {
    const bytes = questionBytes(question.nonce);
    // T1 is read as late as can be: what passes before the packet leaves looks like network delay.
    question.sent_ns = clock.now_ns();
    socket.send(bytes, peer.port, peer.host, (error) => error && fail(error));
  });
  return promise.finally(() => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  });
}
