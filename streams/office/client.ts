/** Asks the office. */
import { utf8 } from "../../protocol/bytes.ts";
import { RetryableError } from "../../protocol/errors.ts";
import { parseJson } from "../../protocol/schema.ts";
import { subjects } from "../../protocol/subjects.ts";
import type { Broker } from "../jetstream/broker.ts";
import { Failure } from "../terminal/command.ts";
import { officeAnswer } from "./office.ts";

const TIMEOUT_MS = 15_000;

/**
 * The office's result for `input`. Throws `Failure` with the office's reason, or one that says what
 * to do when nobody answers.
 */
export async function askOffice(
  broker: Broker,
  verb: string,
  input: unknown,
  timeout_ms = TIMEOUT_MS,
): Promise<unknown> {
  const started_ms = performance.now();
  let reply: Uint8Array;
  try {
    reply = await broker.request(subjects.office(verb), utf8(JSON.stringify(input)), timeout_ms);
  } catch (error) {
    if (!(error instanceof RetryableError)) throw error;
    throw new Failure(nobody(broker, performance.now() - started_ms >= timeout_ms, timeout_ms));
  }
  const answer = parseJson(officeAnswer, new TextDecoder().decode(reply), `Answer to ${verb}`);
  if (!answer.ok) throw new Failure(answer.error);
  return answer.result;
}

/** A broker that knows of no responder says so at once; a busy head-end lets the time run out. */
function nobody(broker: Broker, late: boolean, timeout_ms: number): string {
  return late
    ? `The head-end at ${broker.url} did not answer within ${timeout_ms / 1_000} s; see its log`
    : `No head-end answers at ${broker.url}. Start one with \`deno task start\`.`;
}
