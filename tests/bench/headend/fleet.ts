/** The meters of the bench: who they are, their keys, and their sealed frames. */
import { concat, utf8 } from "../../../protocol/bytes.ts";
import type { Enrolment } from "../../../protocol/messages/enrolment.ts";
import { encodePack } from "../../../protocol/senml.ts";
import { subjects } from "../../../protocol/subjects.ts";
import { HeadEndKeys } from "../../../protocol/tves/keys.ts";
import { sealFrame } from "../../../protocol/tves/seal.ts";
import { wrapKey } from "../../../protocol/tves/wrap.ts";

/** Meters of one slave: a concentrator of a street or two. */
const METERS_PER_SLAVE = 200;
const GENERATION = 1;
const DAY_S = 86_400;
/** Energy between two readings. */
const STEP_WH = 125;

export const meterIdOf = (index: number) => `MH${String(index).padStart(8, "0")}`;
export const slaveIdOf = (index: number) => `slave-${Math.floor(index / METERS_PER_SLAVE)}`;

/** Each meter has a key of its own; the bench can make it again in any of its processes. */
function keyOf(index: number): Uint8Array {
  const key = new Uint8Array(32).fill(0x5a);
  new DataView(key.buffer).setUint32(0, index);
  return key;
}

/** Enrolled yesterday, so that no run is on the first day of a chain. */
export const enrolmentDayAt = (now_ms: number) => Math.floor(now_ms / 1_000 / DAY_S) - 1;

export function enrolmentOf(index: number, kek: Uint8Array, now_ms: number): Enrolment {
  const meterId = meterIdOf(index);
  const nonce = concat(keyOf(index).subarray(0, 4), utf8("bench-01"));
  return {
    meter_id: meterId,
    alias: index,
    slave_id: slaveIdOf(index),
    consumer_number: String(170_000_000_000 + index),
    keys: [{
      generation: GENERATION,
      enrolment_day: enrolmentDayAt(now_ms),
      wrapped_key: wrapKey({ kek, key: keyOf(index), meterId, generation: GENERATION, nonce }),
    }],
    enrolled_at_ms: now_ms,
  };
}

export interface Frame {
  readonly subject: string;
  readonly payload: Uint8Array;
}

/**
 * Seals frames round robin: reading `n` is of meter `n mod meters`. Readings of one meter are
 * `apart_ms` apart and never in front of their sealing; a boot of its own keeps the sequences of two
 * fleets apart.
 */
export class Fleet {
  readonly #meters: number;
  readonly #boot: number;
  readonly #enrolmentDay: number;
  readonly #firstRead_ms: number;
  readonly #keys: (HeadEndKeys | undefined)[];
  readonly #apart_ms: number;

  constructor(options: {
    meters: number;
    boot: number;
    now_ms: number;
    firstRead_ms: number;
    apart_ms: number;
  }) {
    this.#meters = options.meters;
    this.#boot = options.boot;
    this.#enrolmentDay = enrolmentDayAt(options.now_ms);
    this.#firstRead_ms = options.firstRead_ms;
    this.#apart_ms = options.apart_ms;
    this.#keys = new Array(options.meters);
  }

  seal(n: number, sealedAt_ms: number): Frame {
    const index = n % this.#meters;
    const round = Math.floor(n / this.#meters);
    const meterId = meterIdOf(index);
    const keys = this.#keys[index] ??= new HeadEndKeys({
      key: keyOf(index),
      generation: GENERATION,
      enrolmentDay: this.#enrolmentDay,
      meterId,
    });
    const t_s = Math.floor(sealedAt_ms / 1_000);
    const read_at_ms = this.#firstRead_ms + round * this.#apart_ms;
    const registers = [{
      obis: "1-0:1.8.0",
      value: 1_000_000 + index + round * STEP_WH,
      unit: "Wh",
      read_at_ms,
    }];
    const payload = sealFrame({
      suite: 1,
      hint: false,
      clockQuality: 2,
      alias: index,
      generation: GENERATION,
      boot: this.#boot,
      sequence: round + 1,
      t_s,
      secondKey: keys.secondKey(t_s)!,
      plaintext: encodePack({ meterId, sealedAt_ms, registers }),
    });
    return { subject: subjects.frame(meterId), payload };
  }
}
