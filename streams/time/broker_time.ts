/** The same 48 bytes as request and reply on `samay.time`: time for slaves that reach no NTP server. */
import {
  judgeAnswer,
  type Question,
  questionBytes,
  type Verdict,
} from "../../protocol/ntp/exchange.ts";
import { answer, type ServerClock } from "../../protocol/ntp/respond.ts";
import { subjects } from "../../protocol/subjects.ts";
import type { Broker, Stoppable } from "../jetstream/broker.ts";
import { type LocalClock, systemClock } from "./local_clock.ts";
import { randomNonce } from "./nonce.ts";
import { localServerClock } from "./server_clock.ts";

/** Masters that answer share this queue group, so each question gets one answer. */
const QUEUE = "time";

export interface TimeResponder extends Stoppable {
  /** `malformed`: not answered, as they were no question of a client. */
  counts(): { readonly answered: number; readonly malformed: number };
}

/**
 * Answers `samay.time` from `clock`, the system's if not given, until stopped. What is no question
 * gets no word, neither to its sender nor in a log that anybody could fill by it: it is counted.
 */
export function respondTime(
  broker: Broker,
  clock: LocalClock = systemClock,
  describe: () => ServerClock = localServerClock(clock.now_ns),
): TimeResponder {
  const counts = { answered: 0, malformed: 0 };
  const responder = broker.respond(subjects.time, QUEUE, (payload) => {
    const received_ns = clock.now_ns();
    const reply = answer(payload, describe(), received_ns, clock.now_ns());
    counts[reply === undefined ? "malformed" : "answered"]++;
    return reply;
  });
  return { counts: () => ({ ...counts }), stop: () => responder.stop() };
}

/** Whether the way to the broker is authenticated, so that its time is as well. */
export function isAuthenticated(broker: Broker): boolean {
  return broker.url.startsWith("tls:") || broker.url.startsWith("wss:");
}

/** Asks once over the broker. Throws `RetryableError` when nobody answers within `timeout_ms`. */
export async function askBroker(
  broker: Broker,
  clock: LocalClock,
  timeout_ms: number,
): Promise<Verdict> {
  const nonce = randomNonce();
  const bytes = questionBytes(nonce);
  const question: Question = { nonce, sent_ns: clock.now_ns(), answered: false };
  const reply = await broker.request(subjects.time, bytes, timeout_ms);
  return judgeAnswer(question, reply, clock.now_ns(), isAuthenticated(broker));
}
