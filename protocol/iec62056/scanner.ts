/**
 * Finds telegrams in a run of characters, whatever their chunks. It is fed characters and yields an
 * identification as soon as it is whole, then the telegram or what is wrong with it, and goes on
 * with the next one: garbage, echoes and half telegrams before a whole one are passed over.
 */
import { blockCheckCharacter, crc16 } from "./check.ts";
import { ETX, EXCLAMATION, LF, SLASH, STX, textOf } from "./characters.ts";
import { failureOf, type FailureReason, type ReadFailure } from "./failure.ts";
import { type Identification, parseIdentification } from "./identification.ts";
import { type Check, type Readout, readoutOf } from "./readout.ts";

export type Found =
  | { readonly kind: "identification"; readonly identification: Identification }
  | { readonly kind: "telegram"; readonly readout: Readout }
  | { readonly kind: "fault"; readonly failure: ReadFailure };

/** Longest telegram, in characters. A full load profile is longer; a readout is not. */
export const MAX_TELEGRAM_LENGTH = 65_536;
const MAX_IDENTIFICATION_LENGTH = 66;
/** After the identification an adapter may give back our acknowledgement, once or twice. */
const MAX_ECHO_LENGTH = 12;
const MAX_LINE_LENGTH = 8_192;
/** CRC of four characters, CR and LF. */
const MAX_TRAILER_LENGTH = 6;

/** Characters that cannot stand in an identification: a `/` before one of them begins none. */
const NOT_IDENTIFICATION: ReadonlySet<number> = new Set([0x28, 0x29, 0x2a, EXCLAMATION, STX, ETX]);

/** Where the scanner stands; `data` from the first character after an identification. */
export type ScannerState = "searching" | "identified" | "data";

export class TelegramScanner {
  /** How many characters came that were part of no telegram. */
  garbage = 0;
  #identification: Identification | null = null;
  /** Characters since the identification. */
  #body: number[] = [];
  /** Characters since a `/` that may begin an identification. */
  #candidate: number[] | null = null;
  /** The identification's characters as they came, line end too: the CRC covers them. */
  #head: number[] = [];
  #hasValue = false;
  #lineLength = 0;
  /** Index in the body after STX, or null while none came. */
  #blockStart: number | null = null;
  /** Index in the body of `!`, or null while none came. */
  #end: number | null = null;
  #awaitsBcc = false;

  get state(): ScannerState {
    if (!this.#identification) return "searching";
    return this.#blockStart !== null || this.#hasValue ? "data" : "identified";
  }

  /** Takes the next characters (parity already cut off) and returns what they complete, in order. */
  push(characters: Uint8Array): Found[] {
    const found: Found[] = [];
    for (const character of characters) this.#take(character, found);
    return found;
  }

  /** No more comes: the line fell silent or the file ended. Returns what that completes. */
  finish(): Found[] {
    const found: Found[] = [];
    // Some meters and captures leave ETX and BCC, or the last line end, away.
    if (this.#identification && this.#end !== null && !this.#awaitsBcc) this.#finishPlain(found);
    if (this.#identification) {
      found.push(this.#endOfUnfinished());
    }
    this.garbage += this.#candidate?.length ?? 0;
    this.#candidate = null;
    return found;
  }

  #endOfUnfinished(): Found {
    if (this.state === "data") return this.#fault("cut_off");
    const length = this.#body.length;
    if (length <= MAX_ECHO_LENGTH) return this.#fault("no_data");
    return this.#fault("garbage", `${length} characters after the identification`);
  }

  #take(character: number, found: Found[]): void {
    if (this.#awaitsBcc) return this.#finishBlock(character, found);
    if (this.#identification) this.#takeBody(character, found);
    else if (!this.#candidate && character !== SLASH) this.garbage += 1;
    this.#takeCandidate(character, found);
  }

  /** A `/` may begin an identification at any place: half a telegram may stand before it. */
  #takeCandidate(character: number, found: Found[]): void {
    if (character === SLASH) {
      this.garbage += this.#candidate?.length ?? 0;
      this.#candidate = [];
    }
    if (!this.#candidate) return;
    this.#candidate.push(character);
    if (character === LF) {
      const identification = parseIdentification(
        textOf(Uint8Array.from(this.#candidate)).replace(/[\r\n]+$/, ""),
      );
      if (identification) this.#begin(identification, this.#candidate, found);
      else this.#dropCandidate();
    } else if (
      this.#candidate.length > MAX_IDENTIFICATION_LENGTH ||
      NOT_IDENTIFICATION.has(character)
    ) this.#dropCandidate();
  }

  #dropCandidate(): void {
    if (!this.#identification) this.garbage += this.#candidate!.length;
    this.#candidate = null;
  }

  #begin(identification: Identification, head: number[], found: Found[]): void {
    if (this.#identification && this.state === "data") found.push(this.#fault("cut_off"));
    this.#reset();
    this.#identification = identification;
    this.#head = head;
    found.push({ kind: "identification", identification });
  }

  #takeBody(character: number, found: Found[]): void {
    this.#body.push(character);
    this.#lineLength = character === LF ? 0 : this.#lineLength + 1;
    if (this.#body.length > MAX_TELEGRAM_LENGTH || this.#lineLength > MAX_LINE_LENGTH) {
      found.push(this.#fault("too_long", `${this.#body.length} characters`));
    } else if (character === STX && this.#blockStart === null) {
      this.#blockStart = this.#body.length;
      this.#end = null;
    } else if (character === ETX && this.#blockStart !== null) {
      this.#awaitsBcc = true;
    } else if (character === EXCLAMATION && this.#end === null) {
      // Before STX or a data set a `!` belongs to the echo of our own request.
      if (this.state === "data") this.#end = this.#body.length - 1;
    } else if (character === 0x28) {
      this.#hasValue = true;
    } else if (this.#end !== null && this.#blockStart === null) {
      const trailing = this.#body.length - 1 - this.#end;
      // A `/` here begins the next telegram: the line end of this one was lost.
      if (character === SLASH) this.#body.pop();
      if (character === LF || character === SLASH || trailing > MAX_TRAILER_LENGTH) {
        this.#finishPlain(found);
      }
    }
  }

  /** ETX has come, this is the block check character (mode A, B, C). */
  #finishBlock(character: number, found: Found[]): void {
    this.#awaitsBcc = false;
    const body = Uint8Array.from(this.#body);
    const computed = blockCheckCharacter(body.subarray(this.#blockStart!));
    if (computed !== character) {
      const said = `received ${hex(character, 2)}, computed ${hex(computed, 2)}`;
      found.push(this.#fault("wrong_bcc", said));
      // A telegram that broke off after ETX: this may be the first character of the next one.
      this.#takeCandidate(character, found);
      return;
    }
    const end = this.#end ?? body.length - 1;
    this.#yield(textOf(body.subarray(this.#blockStart!, end)), "bcc", found);
  }

  /** The telegram ends with `!`: mode D, P1 with its CRC, or a block without ETX and BCC. */
  #finishPlain(found: Found[]): void {
    const body = Uint8Array.from(this.#body);
    const block = textOf(body.subarray(this.#blockStart ?? this.#firstLine(), this.#end!));
    const trailer = textOf(body.subarray(this.#end! + 1)).replace(/[\r\n]+$/, "");
    if (/^[0-9A-Fa-f]{4}$/.test(trailer)) {
      const head = crc16(Uint8Array.from(this.#head));
      const computed = crc16(body.subarray(0, this.#end! + 1), head);
      if (computed === parseInt(trailer, 16)) return this.#yield(block, "crc16", found);
      const said = `received ${trailer.toUpperCase()}, computed ${hex(computed, 4)}`;
      found.push(this.#fault("wrong_crc", said));
    } else if (/[^\r\n]/.test(trailer)) {
      found.push(this.#fault("malformed_data", `after "!" came "${printable(trailer)}"`));
    } else if (promisesCrc(block)) {
      found.push(this.#fault("wrong_crc", "a telegram of DSMR 4 or later came without one"));
    } else this.#yield(block, "none", found);
  }

  /** Without STX the data begin with the line of the first value: an echo may stand before it. */
  #firstLine(): number {
    return this.#body.lastIndexOf(LF, this.#body.indexOf(0x28)) + 1;
  }

  #yield(block: string, check: Check, found: Found[]): void {
    try {
      const readout = readoutOf(this.#identification!.text, block, check);
      this.#reset();
      found.push({ kind: "telegram", readout });
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      found.push(this.#fault("malformed_data", error.message));
    }
  }

  #fault(reason: FailureReason, detail?: string): Found {
    this.#reset();
    return { kind: "fault", failure: failureOf(reason, detail) };
  }

  #reset(): void {
    this.#identification = null;
    this.#body = [];
    this.#candidate = null;
    this.#head = [];
    this.#hasValue = false;
    this.#lineLength = 0;
    this.#blockStart = null;
    this.#end = null;
    this.#awaitsBcc = false;
  }
}

/** A telegram that names its DSMR version (register 0.2.8) must carry a CRC (DSMR 4.0 and later). */
const promisesCrc = (block: string) => /(?:^|[\r\n])1-3:0\.2\.8\(/.test(block);

const hex = (value: number, digits: number) =>
  value.toString(16).toUpperCase().padStart(digits, "0");

const printable = (text: string) => text.slice(0, 12).replace(/[^ -~]/g, "?");
