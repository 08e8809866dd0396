/**
 * The meter's side of mode C (IEC 62056-21) for any number of meters on one line, each with its
 * device address, as on an RS-485 bus. Pure: bytes and time come in, actions go out.
 */
import { ACK, bytesOf, LF, SLASH, textOf } from "./characters.ts";
import { dataBlock, type MeterRegisters } from "./block.ts";
import { parseIdentification } from "./identification.ts";

export interface AnsweringMeter {
  /** Leading zeros do not count (6.3.14, item 22). */
  readonly address: string;
  /** The whole line after `/`, for example `SAm5SAMAY-SOFT-1`. */
  readonly identification: string;
  /** The registers at the moment of the reading. */
  readonly registers: () => MeterRegisters;
}

export type AnswerAction =
  /** Send after a pause (the reaction time), at `baud` from then on. */
  {
    readonly kind: "send";
    readonly bytes: Uint8Array;
    readonly after_ms: number;
    readonly baud: number;
  };

/** The speed of every request (6.3.14, item 13). */
export const SIGN_ON_BAUD = 300;
/** How long a meter waits for the acknowledgement: the reaction time and the message itself. */
const ACKNOWLEDGEMENT_MS = 2_200;
/** `/?`, 32 characters of address, `!`, CR, LF. */
const MAX_REQUEST_LENGTH = 37;
/** `0 Z 0`: normal procedure, speed, data readout. Programming mode is not offered. */
const OPTION = /^0([0-6])0$/;

/** One line with meters on it. Feed it what the reader sends. */
export class AnsweringLine {
  readonly #meters = new Map<string, AnsweringMeter>();
  #line: number[] = [];
  /** The meter that has identified itself and awaits its acknowledgement. */
  #awaiting: { readonly meter: AnsweringMeter; readonly until_ms: number } | null = null;

  /** Throws `RangeError` for two meters with one address or an identification that is none. */
  constructor(meters: readonly AnsweringMeter[]) {
    for (const meter of meters) {
      if (!parseIdentification(`/${meter.identification}`)) {
        throw new RangeError(`"${meter.identification}" is no identification of IEC 62056-21`);
      }
      const address = withoutZeros(meter.address);
      if (this.#meters.has(address)) {
        throw new RangeError(`Two meters have the device address "${meter.address}"`);
      }
      this.#meters.set(address, meter);
    }
  }

  /** Takes what came from the reader at `now_ms` (monotonic) and returns what to send. */
  take(bytes: Uint8Array, now_ms: number): AnswerAction[] {
    const actions: AnswerAction[] = [];
    for (const byte of bytes) {
      const character = byte & 0x7f;
      if (character === SLASH || character === ACK) this.#line = [];
      if (this.#line.length === 0 && character !== SLASH && character !== ACK) continue;
      this.#line.push(character);
      if (this.#line.length > MAX_REQUEST_LENGTH) this.#line = [];
      if (character !== LF) continue;
      const line = textOf(Uint8Array.from(this.#line)).replace(/[\r\n]+$/, "");
      this.#line = [];
      actions.push(...this.#answer(line, now_ms));
    }
    return actions;
  }

  #answer(line: string, now_ms: number): AnswerAction[] {
    const request = /^\/\?([0-9A-Za-z ]{0,32})!$/.exec(line);
    if (request) return this.#identify(request[1]!, now_ms);
    const awaiting = this.#awaiting;
    this.#awaiting = null;
    const option = OPTION.exec(line.slice(1));
    if (line.charCodeAt(0) !== ACK || !option || !awaiting || now_ms > awaiting.until_ms) return [];
    const { meter } = awaiting;
    return [{
      kind: "send",
      bytes: dataBlock(meter.registers()),
      after_ms: reactionOf(meter),
      baud: baudOf(option[1]!),
    }];
  }

  #identify(address: string, now_ms: number): AnswerAction[] {
    this.#awaiting = null;
    const meter = this.#called(address);
    if (!meter) return [];
    this.#awaiting = { meter, until_ms: now_ms + ACKNOWLEDGEMENT_MS };
    const bytes = bytesOf(`/${meter.identification}\r\n`);
    return [{ kind: "send", bytes, after_ms: reactionOf(meter), baud: SIGN_ON_BAUD }];
  }

  /** No address calls every meter: several would talk at once, so only one alone may answer. */
  #called(address: string): AnsweringMeter | undefined {
    if (address === "") return this.#meters.size === 1 ? [...this.#meters.values()][0] : undefined;
    return this.#meters.get(withoutZeros(address));
  }
}

const baudOf = (character: string) => parseIdentification(`/SAM${character}`)!.baud!;

const withoutZeros = (address: string) => address.replace(/^0+/, "");

const reactionOf = (meter: AnsweringMeter) =>
  parseIdentification(`/${meter.identification}`)!.reaction_ms;
