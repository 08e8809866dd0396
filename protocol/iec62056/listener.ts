/** The reading side of mode D: the meter sends by itself (IEC 62056-21, mode D; DSMR P1). */
import { charactersOf } from "./characters.ts";
import { failureOf, type ReadFailure } from "./failure.ts";
import {
  type ListenerOptions,
  QUIET_MS,
  type ReaderAction,
  type ReaderEvent,
  type ReaderMachine,
} from "./machine.ts";
import { type Found, TelegramScanner } from "./scanner.ts";

/** Damaged telegrams in a row after which listening on is of no use. */
const MAX_FAULTS = 5;

/** Waits for the first whole telegram; damaged and half ones before it are passed over. */
export class TelegramListener implements ReaderMachine {
  readonly #options: ListenerOptions;
  readonly #scanner = new TelegramScanner();
  #deadline_ms = Infinity;
  #quiet_ms = Infinity;
  #faults = 0;
  #last: ReadFailure | null = null;
  #finished = false;

  constructor(options: ListenerOptions) {
    this.#options = options;
  }

  next(event: ReaderEvent): ReaderAction[] {
    if (this.#finished) return [];
    if (event.kind === "start") this.#deadline_ms = event.now_ms + this.#options.timeout_ms;
    let found: Found[] = [];
    if (event.kind === "bytes") {
      this.#quiet_ms = event.now_ms + QUIET_MS;
      found = this.#scanner.push(charactersOf(event.bytes, this.#options.framing));
    } else if (event.kind === "closed" || event.now_ms >= this.#quiet_ms) {
      this.#quiet_ms = Infinity;
      found = this.#scanner.finish();
    }
    return this.#conclude(found, event);
  }

  #conclude(found: Found[], event: ReaderEvent): ReaderAction[] {
    for (const item of found) {
      if (item.kind === "telegram") return this.#finish({ kind: "done", readout: item.readout });
      if (item.kind === "fault") {
        this.#faults += 1;
        this.#last = item.failure;
      }
    }
    if (event.kind === "closed") return this.#fail(failureOf("line_closed"));
    if (this.#faults >= MAX_FAULTS) return this.#fail(this.#last!);
    if (event.now_ms >= this.#deadline_ms) return this.#fail(this.#atDeadline());
    return [{ kind: "wait", until_ms: Math.min(this.#deadline_ms, this.#quiet_ms) }];
  }

  #atDeadline(): ReadFailure {
    if (this.#scanner.state !== "searching") return failureOf("timed_out", "in a telegram");
    if (this.#last) return this.#last;
    if (this.#scanner.garbage > 0) {
      return failureOf("garbage", `${this.#scanner.garbage} characters without a telegram`);
    }
    return failureOf("silent", "nothing came while listening");
  }

  #fail(failure: ReadFailure): ReaderAction[] {
    return this.#finish({ kind: "failed", failure });
  }

  #finish(action: ReaderAction): ReaderAction[] {
    this.#finished = true;
    return [action];
  }
}
