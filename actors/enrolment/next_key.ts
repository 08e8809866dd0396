/**
 * The generations of a meter's key: in what state each is, and what the wish for a next one does.
 *
 *     made ─> waiting ──its first frame──> in use ──first frame of a later one──> replaced
 *                └─ given up ─> retired <─ retired ─┴───────── retired ──────────────┘
 *
 *     the wish:         over the air                       by hand, in a key file
 *     none waits        makes one                          makes one
 *     one was sent      sends it again                     gives it up and makes one
 *     one is in a file  refuses; file lost: gives it up    gives it again; file lost: gives it up
 *                       and makes one                      and makes one
 *
 * What follows, whatever is wished in whatever order:
 * - One generation waits at a time; who makes another gives up the one that waited.
 * - A key has one way for good. What went over the air may be in the hands of whoever had the key
 *   before, so that it is no remedy for a theft; what is in a file never goes over the air.
 * - Nothing is wrapped under a retired generation, or under one whose chain begins in the future.
 * - A generation that is given up is retired at once, and no generation comes twice.
 * - A chain that begins in the future (the clock was ahead when it was made) is not handed out.
 * - The generation that the meter seals with is never dropped.
 */
import { TerminalError } from "../../protocol/errors.ts";
import {
  type Enrolment,
  GENERATIONS_KEPT,
  type WrappedKey,
} from "../../protocol/messages/enrolment.ts";
import { GENERATION_MAX } from "../../protocol/tves/rekey.ts";
import { dayOf } from "../../protocol/tves/schedule.ts";

export type Way = "air" | "hand";

export interface Wish {
  readonly way: Way;
  /** By hand: refuse older generations at once. Over the air it is done later, see `retireBefore`. */
  readonly retire_old: boolean;
  /** The key file of the generation that waits is lost: give it up. */
  readonly file_lost: boolean;
}

export interface Known {
  /** The newest generation of which a frame was opened, -1 where none is known. */
  readonly in_use: number;
  readonly now_ms: number;
}

/** What is done about a wish. The generation is the newest afterwards. */
export interface NextKey {
  readonly generation: number;
  /** False where it waited already: the same key again. */
  readonly isNew: boolean;
  /** Over the air: the generation whose hour key wraps it. */
  readonly under: number | undefined;
  /** Generations that are retired now: given up, or older ones by wish. */
  readonly retired: readonly number[];
}

type Entry = Pick<Enrolment, "meter_id" | "keys">;

/** What `wish` comes to. Throws `TerminalError` that says what to do instead. */
export function nextKey({ meter_id, keys }: Entry, wish: Wish, known: Known): NextKey {
  const { way, retire_old, file_lost } = wish;
  const waits = waitingOf(keys, known.in_use);
  const isByHand = waits?.by_hand === true;
  const isGone = waits !== undefined && (isAhead(waits, known.now_ms) || (isByHand && file_lost));
  if (way === "air") {
    const refusal = whyNotSent(keys, known) ??
      (isByHand && !isGone ? whyNotBoth(waits!.generation) : undefined);
    if (refusal !== undefined) throw new TerminalError(`Meter ${meter_id}: ${refusal}`);
  }
  const isAgain = waits !== undefined && !isGone && isByHand === (way === "hand");
  const newest = Math.max(keys.at(-1)!.generation, known.in_use);
  const generation = isAgain ? waits.generation : newest + 1;
  if (generation > GENERATION_MAX) {
    throw new TerminalError(
      `Meter ${meter_id} has used its last key generation, ${GENERATION_MAX}: enrol it anew under ` +
        "another meter ID",
    );
  }
  const isDue = (key: WrappedKey) =>
    key.generation < generation && (key === waits || (way === "hand" && retire_old));
  return {
    generation,
    isNew: !isAgain,
    under: way === "air" ? heldOf(keys, known.in_use)!.generation : undefined,
    retired: keys.filter((key) => isDue(key) && !isRetired(key)).map((key) => key.generation),
  };
}

/** Why no key can be wrapped for the slave, if so. */
function whyNotSent(keys: readonly WrappedKey[], { in_use, now_ms }: Known): string | undefined {
  const held = heldOf(keys, in_use);
  if (held === undefined) {
    return `it seals with generation ${in_use}, whose key is not kept here: carry its next one with ` +
      "--key-file";
  }
  if (isRetired(held)) {
    return "its present key is retired and may be in wrong hands, and nothing is sent under it: " +
      "carry the next one with --key-file";
  }
  if (!isAhead(held, now_ms)) return undefined;
  return "its present key begins on a day that lies ahead: set the head-end's clock, or, where it is " +
    "right now, carry the next one with --key-file";
}

function whyNotBoth(generation: number): string {
  return `key generation ${generation} waits in a key file, and is never sent as well: carry it ` +
    "(--key-file gives it again), or give it up with --file-lost";
}

/** `keys` after `next`: what is due is retired, and `fresh`, the new key if there is one, is added. */
export function withNextKey(
  keys: readonly WrappedKey[],
  next: NextKey,
  fresh: WrappedKey | undefined,
  { in_use, now_ms }: Known,
): WrappedKey[] {
  const held = heldOf(keys, in_use)?.generation;
  const after = retire(keys, (key) => next.retired.includes(key.generation), now_ms);
  if (fresh !== undefined) after.push(fresh);
  while (after.length > GENERATIONS_KEPT) {
    // The oldest that the meter does not seal with; the newest is never the oldest of several.
    after.splice(after.findIndex((key) => key.generation !== held), 1);
  }
  return after;
}

/** Retires all generations before `generation`; tells which. */
export function retireBefore(keys: readonly WrappedKey[], generation: number, now_ms: number) {
  const isDue = (key: WrappedKey) => key.generation < generation && !isRetired(key);
  const retired = keys.filter(isDue).map((key) => key.generation);
  return { retired, keys: retire(keys, isDue, now_ms) };
}

/** Whether `key` may be given in a file now: it never went over the air, and it serves. */
export function mayBeCarried(key: WrappedKey, now_ms: number): boolean {
  // The key of the enrolment always goes by hand.
  return (key.generation === 0 || key.by_hand === true) && !isRetired(key) && !isAhead(key, now_ms);
}

export type State = "waiting" | "in use" | "replaced" | "retired";

export function stateOf(key: WrappedKey, in_use: number): State {
  if (isRetired(key)) return "retired";
  if (key.generation === in_use) return "in use";
  return key.generation > in_use ? "waiting" : "replaced";
}

/** The generation that is on its way to the slave: the newest, unless that one is at work. */
function waitingOf(keys: readonly WrappedKey[], in_use: number): WrappedKey | undefined {
  const newest = keys.at(-1)!;
  return newest !== heldOf(keys, in_use) && stateOf(newest, in_use) === "waiting"
    ? newest
    : undefined;
}

/**
 * The generation that the slave has. Where no frame is known it is the last one before the newest
 * that was not given up; but older ones are retired over the air only when the newest is at work.
 */
function heldOf(keys: readonly WrappedKey[], in_use: number): WrappedKey | undefined {
  if (in_use >= 0) return keys.find((key) => key.generation === in_use);
  const [newest, older] = [keys.at(-1)!, keys.slice(0, -1)];
  const before = older.findLast((key) => !isRetired(key));
  return before ?? (newest.by_hand === true ? older.at(-1) ?? newest : newest);
}

function isRetired({ not_after_ms }: WrappedKey): boolean {
  return not_after_ms !== undefined;
}

function isAhead({ enrolment_day }: WrappedKey, now_ms: number): boolean {
  return enrolment_day > dayOf(Math.floor(now_ms / 1_000));
}

function retire(keys: readonly WrappedKey[], isDue: (key: WrappedKey) => boolean, now_ms: number) {
  return keys.map((key) => isDue(key) ? { ...key, not_after_ms: now_ms } : key);
}
