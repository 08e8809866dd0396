/**
 * What every journal-backed actor is: a pure decision and a pure projection.
 *
 * `receive` looks at one input and decides one event; `apply` folds that event into the state. The
 * shard journals the events, so a state is always the fold of a journal: `receive` runs once, `apply`
 * runs again at every restart and must give the same state.
 */
import type { JournalEvent } from "../../protocol/messages/journal.ts";
import type { JournalKind } from "../../protocol/subjects.ts";
import type { SecondKeys } from "../../protocol/tves/open.ts";

/** One message of an input stream. */
export interface Input {
  /** Sequence in the input stream. */
  readonly sequence: number;
  /** Last token of the subject: the meter or slave that it claims to come from. */
  readonly id: string;
  readonly payload: Uint8Array;
  /** The broker's stamp, Unix milliseconds. The actor has no other clock. */
  readonly arrival_ms: number;
}

/** An enrolled meter as a master knows it. */
export interface KnownMeter {
  readonly meterId: string;
  readonly slaveId: string;
  readonly generations: readonly number[];
  /**
   * The keys for a frame of `generation` that arrived at `arrival_ms`: undefined for a generation that
   * is not enrolled, or was retired before. Throws `TerminalError` when the key cannot be unwrapped.
   */
  readonly keysOf: (generation: number, arrival_ms: number) => SecondKeys | undefined;
}

/** Enrolled meters by the alias that their frames carry. */
export type FindMeter = (alias: number) => KnownMeter | undefined;

export interface JournalActor<State, Event extends JournalEvent> {
  readonly kind: JournalKind;
  /** The stream that feeds it. */
  readonly stream: "FRAMES" | "SESSIONS";
  /** Version of the state's shape in the snapshots that are written. */
  readonly version: number;
  /** Older versions that `decode` reads too. A snapshot of any other version is not read. */
  readonly reads?: readonly number[];
  /** The state of an actor that has seen nothing. */
  fresh(id: string): State;
  /**
   * Decides. Does not change `state`; undefined where this id has none yet. Throws `TerminalError`
   * for an input that can never be handled: it goes to the dead letters and the cursor moves on.
   */
  receive(state: State | undefined, input: Input, find: FindMeter): Event;
  /** Folds an event in. */
  apply(state: State, event: Event): void;
  /**
   * The state as JSON for a snapshot, and back. `version` is the snapshot's, the present one unless
   * given. `decode` throws `TerminalError` on a malformed one.
   */
  encode(state: State): unknown;
  decode(id: string, snapshot: unknown, version?: number): State;
  /** Whose state an event changes; undefined when it changes nobody's. */
  idOf(event: Event): string | undefined;
}
