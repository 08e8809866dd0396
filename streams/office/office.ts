/**
 * The office: administration by request and reply, JSON on `samay.office.<verb>`.
 *
 * The command line needs no database of its own that way, and works while the embedded one is in use
 * by `samay start`. An operator can do the same with `nats req samay.office.meter-list '{}'`.
 */
import type { ValidationRules } from "../../actors/validation/rules.ts";
import { utf8 } from "../../protocol/bytes.ts";
import { RetryableError, TerminalError } from "../../protocol/errors.ts";
import { parseJson, z } from "../../protocol/schema.ts";
import { subjects } from "../../protocol/subjects.ts";
import { CYCLE_RULES, type CycleRules } from "../../actors/billing/rules.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import type { Utility } from "../delivery/bill_document.ts";
import type { Broker, Stoppable } from "../jetstream/broker.ts";
import type { Log } from "../terminal/log.ts";

/** Offices that share the requests: each request is answered by one of them. */
const QUEUE = "office";

/** What every verb may use. */
export interface OfficeContext {
  readonly db: Kysely<Database>;
  readonly broker: Broker;
  readonly log: Log;
  /** Unix milliseconds. */
  readonly now_ms: () => number;
  /** Key-encryption key, 32 bytes; without it no meter can be enrolled here. */
  readonly kek?: Uint8Array;
  /** Times and bounds of billing cycles; as shipped without them. */
  readonly cycle_rules?: CycleRules;
  /** Who bills, as it stands on a bill; without it no bill is drawn here. */
  readonly utility?: Utility;
  /** Told each bill that the office issued or made void, once that stands. Returns at once. */
  readonly onBill?: (number: string) => void;
  /** What readings are held against; without it the rules that come with the product. */
  readonly rules?: ValidationRules;
}

/** The rules of billing cycles, and the tariffs, that this office goes by. */
export function cycleRulesOf({ cycle_rules = CYCLE_RULES }: OfficeContext): CycleRules {
  return cycle_rules;
}

/** One thing that the office does: input from outside, checked, to a result that goes back as JSON. */
export interface Verb {
  handle(payload: Uint8Array, name: string, context: OfficeContext): Promise<unknown>;
}

export type Verbs = Readonly<Record<string, Verb>>;

/** A verb whose input is checked against `schema` before `run` sees it. */
export function verb<S extends z.ZodType>(
  schema: S,
  run: (input: z.output<S>, context: OfficeContext) => Promise<unknown>,
): Verb {
  return {
    handle: (payload, name, context) => {
      const text = new TextDecoder().decode(payload);
      return run(parseJson(schema, text === "" ? "{}" : text, name), context);
    },
  };
}

export const officeAnswer = z.discriminatedUnion("ok", [
  z.object({ ok: z.literal(true), result: z.unknown() }),
  z.object({ ok: z.literal(false), error: z.string() }),
]);
export type OfficeAnswer = z.infer<typeof officeAnswer>;

/** Answers requests for `verbs` until stopped. */
export function startOffice(context: OfficeContext, verbs: Verbs): Stoppable {
  const running = Object.entries(verbs).map(([name, one]) =>
    context.broker.respond(
      subjects.office(name),
      QUEUE,
      async (payload) => utf8(JSON.stringify(await answer(context, name, one, payload))),
    )
  );
  return {
    stop: async () => {
      await Promise.all(running.map((one) => one.stop()));
    },
  };
}

/** Never throws: whoever asked hears the reason. */
async function answer(
  context: OfficeContext,
  name: string,
  verb: Verb,
  payload: Uint8Array,
): Promise<OfficeAnswer> {
  try {
    return { ok: true, result: await verb.handle(payload, name, context) ?? null };
  } catch (error) {
    const reason = (error as Error).message;
    const expected = error instanceof TerminalError || error instanceof RetryableError;
    if (!expected) context.log.error("office could not answer", { verb: name, reason });
    return { ok: false, error: expected ? reason : `The office could not do ${name}: ${reason}` };
  }
}
