/** `frame-explain`: why one frame of FRAMES opened or did not, by its stream sequence. */
import { candidatesFor } from "../../actors/meter/meter.ts";
import { TerminalError } from "../../protocol/errors.ts";
import type { Register } from "../../protocol/messages/common.ts";
import type { Enrolment } from "../../protocol/messages/enrolment.ts";
import type { RejectReason } from "../../protocol/messages/journal.ts";
import { z } from "../../protocol/schema.ts";
import { decodePack } from "../../protocol/senml.ts";
import { type ParsedFrame, parseFrame } from "../../protocol/tves/frame.ts";
import { openFrame, type OpenResult } from "../../protocol/tves/open.ts";
import { WINDOW_MAX_S } from "../../protocol/tves/window.ts";
import type { StoredMessage } from "../jetstream/broker.ts";
import { type Decision, decisionOn, firstOf } from "./frame_decision.ts";
import { clockOf, keysOf, type Misplaced, misplacementOf, ownerOf } from "./frame_meter.ts";
import { explanation } from "./frame_words.ts";
import { type OfficeContext, verb } from "./office.ts";
import { searchWide } from "./wide_search.ts";

/** What is known of the frame, for a program; `text` says it to a person. */
export interface FrameExplanation {
  readonly stream_sequence: number;
  readonly arrived_at: string;
  readonly subject: string;
  /** Null where the form is wrong. */
  readonly header: FrameHeaderView | null;
  /**
   * What the master decided, where that is known; else what partition, key and window say now.
   * `set_aside`: it can never be handled and lies in DEAD.
   */
  readonly verdict: "opened" | "wrong_partition" | "set_aside" | RejectReason;
  /** The second whose key fits, where one does. */
  readonly second: number | null;
  readonly trials: number;
  /** Sealing time less arrival: what the clock is off, less the delay. */
  readonly clock_off_s: number | null;
  readonly registers?: readonly Register[];
  readonly text: string;
}

interface FrameHeaderView {
  readonly suite: number;
  readonly alias: number;
  readonly generation: number;
  readonly boot: number;
  readonly sequence: number;
  readonly clock_quality: number;
  readonly hint: number | null;
}

/** All that the words are made of. */
export interface Findings {
  readonly message: StoredMessage;
  readonly frame: ParsedFrame | undefined;
  /** Why it cannot be tried at all, or what trying gave. */
  readonly result: OpenResult | { readonly opened: false; readonly reason: RejectReason };
  readonly meter: Enrolment | undefined;
  readonly misplaced: Misplaced | undefined;
  /** Where the subject names another meter than the alias. */
  readonly owner: string | undefined;
  readonly wide: boolean;
  readonly wide_s: number;
  readonly expected_s: number;
  readonly off_s: number | null;
  readonly decision: Decision | undefined;
  /** The frame that carried the same second first. */
  readonly first: number | undefined;
  /** In the window and beyond it. */
  readonly trials: number;
}

export const frameExplain = verb(
  z.object({
    stream_sequence: z.int().positive(),
    wide_s: z.number().min(0).max(WINDOW_MAX_S).default(WINDOW_MAX_S),
  }),
  async ({ stream_sequence, wide_s }, context): Promise<FrameExplanation> => {
    const stored = await context.broker.stored("FRAMES", stream_sequence);
    if (!stored.found) throw notThere(stream_sequence, stored);
    return await explainFrame(stored, wide_s, context);
  },
);

function notThere(sequence: number, { first, last }: { first: number; last: number }) {
  const none = last === 0 || first > last;
  return new TerminalError(
    none
      ? `There is no frame ${sequence}: FRAMES is empty`
      : sequence > last
      ? `There is no frame ${sequence} yet: the newest of FRAMES is ${last}`
      : `Frame ${sequence} is not kept any more: FRAMES has ${first} to ${last}, and 35 days`,
  );
}

/**
 * What is known of a frame, opened as a master opens it; beyond the window up to `wide_s` seconds to
 * either side of its arrival.
 */
export async function explainFrame(
  message: StoredMessage,
  wide_s: number,
  context: OfficeContext,
): Promise<FrameExplanation> {
  const decision = await decisionOn(message, context);
  const none = { frame: undefined, meter: undefined, owner: undefined, first: undefined };
  const misplaced = misplacementOf(message);
  const bare = {
    ...{ message, decision, misplaced, wide_s, wide: false, expected_s: 0, off_s: null, trials: 0 },
  };
  const refused = (reason: RejectReason, found: Partial<Findings> = {}) =>
    view({ ...none, ...bare, ...found, result: { opened: false, reason } });

  const parsed = parseFrame(message.payload);
  if (!parsed.ok) return refused(parsed.reason);
  const { frame } = parsed;
  const { meter, owner } = await ownerOf(message, frame, context);
  if (owner !== undefined) return refused("wrong_subject", { frame, owner });
  if (meter === undefined) return refused("unknown_meter", { frame });
  const accepted = decision?.decided === "accepted" ? decision : undefined;
  // A master accepts for moments what was retired: until it has seen the entry.
  const judged_ms = accepted === undefined ? message.arrival_ms : 0;
  const keys = keysOf(meter, frame.generation, judged_ms, context);
  if (keys === undefined) return refused("unknown_generation", { frame, meter });

  const clock = await clockOf(meter.meter_id, message.arrival_ms, context);
  // The clock has gone on since: what an accepted frame was opened with is known, and not sought.
  const candidates = accepted === undefined
    ? [...candidatesFor(clock, message.arrival_ms, frame.hint)]
    : [accepted.t_s];
  const near = openFrame(frame, keys, candidates);
  const wide = !near.opened && near.reason === "no_key_in_window" && wide_s > 0;
  const arrival_s = message.arrival_ms / 1_000;
  const result = wide
    ? await searchWide({ frame, keys, arrival_s, wide_s, tried: new Set(candidates) })
    : near;
  const off_s = result.opened ? offOf(result, arrival_s) : null;
  const first = result.opened && decision?.decided === "replayed"
    ? await firstOf(context, meter.meter_id, result.t_s)
    : undefined;
  const trials = accepted?.trials ?? near.trials + (wide ? result.trials : 0);
  const expected_s = clock.offset_s;
  return view({
    ...{ ...none, ...bare, frame, meter, result, wide, expected_s, off_s, first, trials },
  });
}

function view(found: Findings): FrameExplanation {
  const { message, frame, result, off_s, trials, wide } = found;
  const pack = result.opened ? decodePack(result.plaintext) : undefined;
  const judged = !result.opened
    ? result.reason
    : wide
    ? "no_key_in_window"
    : pack === undefined
    ? "not_a_pack"
    : "opened";
  return {
    stream_sequence: message.sequence,
    arrived_at: new Date(message.arrival_ms).toISOString(),
    subject: message.subject,
    header: frame === undefined ? null : {
      suite: frame.suite,
      alias: frame.alias,
      generation: frame.generation,
      boot: frame.boot,
      sequence: frame.sequence,
      clock_quality: frame.clockQuality,
      hint: frame.hint ?? null,
    },
    verdict: decidedOf(found) ?? judged,
    second: result.opened ? result.t_s : null,
    trials,
    clock_off_s: off_s,
    ...(pack !== undefined && { registers: pack.registers }),
    text: explanation(found),
  };
}

/** A frame in a wrong partition is not looked at, whatever opens it. */
function decidedOf({ decision, misplaced }: Findings): FrameExplanation["verdict"] | undefined {
  if (decision?.decided === "accepted") return "opened";
  if (misplaced && (decision === undefined || decision.decided === "set_aside")) {
    return "wrong_partition";
  }
  return decision?.decided;
}

/** By the pack's own time, which has milliseconds; by the middle of the second where it has none. */
function offOf(result: OpenResult & { opened: true }, arrival_s: number): number {
  const pack = decodePack(result.plaintext);
  const sealed_s = pack === undefined ? result.t_s + 0.5 : pack.sealedAt_ms / 1_000;
  return Math.round((sealed_s - arrival_s) * 1_000) / 1_000;
}
