/**
 * The reading side on request (IEC 62056-21, modes A, B, C and E): request, identification,
 * acknowledgement, change of speed, data block. Pure: time comes in, actions go out.
 *
 * A meter that offers mode E is answered with `ACK 0 Z 0`: it may not enter the HDLC option then and
 * reads out in mode C. One that starts to send without waiting is read too.
 */
import { ACK, bytesOf, charactersOf, CR, LF, NUL } from "./characters.ts";
import { failureOf, type ReadFailure } from "./failure.ts";
import { baudCharacterOf, type Identification } from "./identification.ts";
import {
  ANSWER_MS,
  QUIET_MS,
  type ReaderAction,
  type ReaderEvent,
  type ReaderMachine,
  type ReaderOptions,
} from "./machine.ts";
import type { Readout } from "./readout.ts";
import { type Found, TelegramScanner } from "./scanner.ts";

/** How often a request is sent before the meter counts as silent. */
const MAX_REQUESTS = 3;
/** Annex B: NUL characters for 2.1 to 2.3 s (66 at 300 baud), then 1.5 to 1.7 s of silence. */
const WAKE_UP_LENGTH = 66;
const WAKE_UP_PAUSE_MS = 1_600;
const BITS_PER_CHARACTER = 10;
const ADDRESS = /^[0-9A-Za-z ]{0,32}$/;

type Step = "wake_up" | "request" | "identify" | "react" | "acknowledge" | "settle" | "data";

export class MeterReader implements ReaderMachine {
  readonly #options: ReaderOptions;
  readonly #scanner = new TelegramScanner();
  #step: Step = "request";
  #deadline_ms = Infinity;
  #stepEnd_ms = Infinity;
  #sendBegan_ms = 0;
  #requests = 0;
  #identification: Identification | null = null;
  #newBaud: number | null = null;
  #fault: ReadFailure | null = null;
  #heard = false;
  #finished = false;

  /** Throws `RangeError` when the address is none that the standard allows. */
  constructor(options: ReaderOptions) {
    if (!ADDRESS.test(options.address)) {
      throw new RangeError(
        `Device address "${options.address}": give up to 32 letters, digits and spaces`,
      );
    }
    this.#options = options;
  }

  next(event: ReaderEvent): ReaderAction[] {
    if (this.#finished) return [];
    const actions = this.#react(event);
    if (this.#finished) return actions;
    if (event.now_ms >= this.#deadline_ms) return [this.#finish(this.#atDeadline())];
    const until_ms = Math.min(this.#stepEnd_ms, this.#deadline_ms);
    return Number.isFinite(until_ms) ? [...actions, { kind: "wait", until_ms }] : actions;
  }

  #react(event: ReaderEvent): ReaderAction[] {
    switch (event.kind) {
      case "start":
        this.#deadline_ms = event.now_ms + this.#options.timeout_ms;
        return this.#options.wakeUp ? this.#wakeUp(event.now_ms) : this.#request(event.now_ms);
      case "bytes": {
        this.#heard = true;
        const characters = charactersOf(event.bytes, this.#options.framing);
        return this.#take(this.#scanner.push(characters), event.now_ms);
      }
      case "sent":
        return this.#sent(event.now_ms);
      case "timer":
        return event.now_ms >= this.#stepEnd_ms ? this.#stepOver(event.now_ms) : [];
      case "closed": {
        const actions = this.#take(this.#scanner.finish(), event.now_ms);
        return this.#finished ? actions : [this.#finish(failureOf("line_closed"))];
      }
    }
  }

  #wakeUp(now_ms: number): ReaderAction[] {
    this.#step = "wake_up";
    return this.#send(new Uint8Array(WAKE_UP_LENGTH).fill(NUL), now_ms);
  }

  #request(now_ms: number): ReaderAction[] {
    this.#step = "request";
    this.#requests += 1;
    return this.#send(bytesOf(`/?${this.#options.address}!\r\n`), now_ms);
  }

  #send(bytes: Uint8Array, now_ms: number): ReaderAction[] {
    this.#sendBegan_ms = now_ms;
    this.#stepEnd_ms = Infinity;
    return [{ kind: "send", bytes }];
  }

  /** When the last of `length` characters is on the wire: drivers say "sent" too early. */
  #onWire_ms(length: number, now_ms: number): number {
    if (!this.#options.paced) return now_ms;
    const time_ms = Math.ceil(length * BITS_PER_CHARACTER * 1_000 / this.#options.baud);
    return Math.max(now_ms, this.#sendBegan_ms + time_ms);
  }

  #sent(now_ms: number): ReaderAction[] {
    if (this.#step === "wake_up") {
      this.#stepEnd_ms = this.#onWire_ms(WAKE_UP_LENGTH, now_ms) + WAKE_UP_PAUSE_MS;
    } else if (this.#step === "request") {
      this.#step = "identify";
      this.#stepEnd_ms = this.#onWire_ms(this.#options.address.length + 5, now_ms) + ANSWER_MS;
    } else if (this.#step === "acknowledge") {
      this.#step = "settle";
      this.#stepEnd_ms = this.#onWire_ms(6, now_ms) + this.#margin_ms() + this.#options.settle_ms;
    }
    return [];
  }

  /**
   * The meter answers at the new speed after its reaction time. A quarter of it is left to adapters
   * that send with a delay: a change of speed under the last character would spoil it.
   */
  #margin_ms(): number {
    return this.#options.paced ? this.#identification!.reaction_ms / 4 : 0;
  }

  #take(found: Found[], now_ms: number): ReaderAction[] {
    for (const item of found) {
      if (item.kind === "telegram") return [this.#finish(item.readout)];
      if (item.kind === "fault") this.#fault = item.failure;
      else this.#identified(item.identification, now_ms);
    }
    if (this.#step === "identify" || this.#step === "data") {
      if (this.#step === "data" && this.#fault && this.#scanner.state === "searching") {
        return [this.#finish(this.#fault)];
      }
      this.#stepEnd_ms = now_ms + QUIET_MS;
    }
    return [];
  }

  #identified(identification: Identification, now_ms: number): void {
    this.#identification = identification;
    this.#fault = null;
    if (this.#step !== "identify" && this.#step !== "request") return;
    this.#step = "react";
    this.#stepEnd_ms = now_ms + (identification.mode === "A" ? 0 : identification.reaction_ms);
    // Mode B changes its speed by itself, after its reaction time: be there before it.
    if (identification.mode === "B") this.#stepEnd_ms = now_ms;
  }

  #stepOver(now_ms: number): ReaderAction[] {
    switch (this.#step) {
      case "wake_up":
        return this.#request(now_ms);
      case "identify":
        return this.#unidentified(now_ms);
      case "react":
        return this.#proceed(now_ms);
      case "settle":
        return this.#changeSpeed(now_ms);
      case "data": {
        const actions = this.#take(this.#scanner.finish(), now_ms);
        return this.#finished ? actions : [this.#finish(this.#fault ?? failureOf("no_data"))];
      }
      default:
        return [];
    }
  }

  #unidentified(now_ms: number): ReaderAction[] {
    const actions = this.#take(this.#scanner.finish(), now_ms);
    if (this.#finished) return actions;
    if (this.#requests < MAX_REQUESTS) return this.#request(now_ms);
    return [this.#finish(this.#fault ?? this.#nothingKnown())];
  }

  #nothingKnown(): ReadFailure {
    const echo = this.#options.address.length + 5;
    // Some optical heads give our own request back; that alone is no sign of a meter.
    const garbage = this.#scanner.garbage - echo * this.#requests;
    if (!this.#heard || garbage <= 0) return failureOf("silent", `${this.#requests} requests`);
    return failureOf("garbage", `${this.#scanner.garbage} characters without an identification`);
  }

  /** The reaction time after the identification is over: acknowledge, or follow the meter. */
  #proceed(now_ms: number): ReaderAction[] {
    const { mode, baud, baudCharacter } = this.#identification!;
    const { fixedBaud, ignoreProposedBaud } = this.#options;
    if (this.#scanner.state === "data" || mode === "A") return this.#awaitData(now_ms);
    if (mode === "B") {
      this.#newBaud = fixedBaud ? null : baud;
      return this.#changeSpeed(now_ms);
    }
    const own = ignoreProposedBaud ? baudCharacterOf(this.#options.baud) : null;
    this.#newBaud = fixedBaud || ignoreProposedBaud ? null : baud;
    this.#step = "acknowledge";
    const option = `0${own ?? baudCharacter}0`;
    return this.#send(Uint8Array.from([ACK, ...bytesOf(option), CR, LF]), now_ms);
  }

  #changeSpeed(now_ms: number): ReaderAction[] {
    const actions = this.#awaitData(now_ms);
    const baud = this.#newBaud;
    // Data that can already be read came at the present speed: a change would only lose characters.
    if (baud === null || baud === this.#options.baud || this.#scanner.state === "data") {
      return actions;
    }
    return [{ kind: "set_baud", baud }, ...actions];
  }

  #awaitData(now_ms: number): ReaderAction[] {
    this.#step = "data";
    this.#stepEnd_ms = now_ms + ANSWER_MS;
    return this.#take([], now_ms);
  }

  #atDeadline(): ReadFailure {
    if (!this.#heard) return failureOf("silent");
    const where = this.#identification ? "in the data" : "before an identification";
    return this.#fault ?? failureOf("timed_out", `${where}, ${this.#options.timeout_ms} ms`);
  }

  #finish(result: ReadFailure | Readout): ReaderAction {
    this.#finished = true;
    return "registers" in result
      ? { kind: "done", readout: result }
      : { kind: "failed", failure: result };
  }
}
