/** The meters of the bench: who they are, their keys, and their sealed frames. */
import { concat, utf8 } from "../../../protocol/bytes.ts";
import type { Enrolment } from "../../../protocol/messages/enrolment.ts";
import { HeadEndKeys } from "../../../protocol/tves/keys.ts";
import { wrapKey } from "../../../protocol/tves/wrap.ts";
import type { Kysely } from "../../../streams/database/kysely.ts";
import type { Database } from "../../../streams/database/schema.ts";
import { type FleetMeter, type Frame, sealedFrame } from "../../../streams/fleet/frames.ts";
import { addCustomers } from "../customers.ts";

/** Meters of one slave: a concentrator of a street or two. */
const METERS_PER_SLAVE = 200;
const GENERATION = 1;
const DAY_S = 86_400;
/** Before the first reading of any run. */
const INSTALLED_DAYS_AGO = 200;
/** Energy between two readings. */
const STEP_WH = 125;

const METER_ID = { word: "MH", digits: 8 } as const;
export const meterIdOf = (index: number) =>
  `${METER_ID.word}${String(index).padStart(METER_ID.digits, "0")}`;
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

/** What the office would write of the same meters in the database: their readings are judged by it. */
export async function installMeters(db: Kysely<Database>, meters: number): Promise<void> {
  await addCustomers(db, {
    ...{ first: 0, last: meters - 1, meter: METER_ID },
    installed_at: new Date(Date.now() - INSTALLED_DAYS_AGO * DAY_S * 1_000),
  });
}

/** The keys of meter `index`, derived when they are first needed. */
export function benchMeterOf(index: number, enrolmentDay: number): FleetMeter {
  const meter_id = meterIdOf(index);
  const keys = new HeadEndKeys({
    ...{ key: keyOf(index), generation: GENERATION, enrolmentDay, meterId: meter_id },
  });
  const secondKey = (t_s: number) => keys.secondKey(t_s)!;
  return { meter_id, alias: index, generation: GENERATION, suite: 1, secondKey };
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
  readonly #known: (FleetMeter | undefined)[];
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
    this.#known = new Array(options.meters);
  }

  seal(n: number, sealedAt_ms: number): Frame {
    const index = n % this.#meters;
    const round = Math.floor(n / this.#meters);
    const meter = this.#known[index] ??= benchMeterOf(index, this.#enrolmentDay);
    return sealedFrame(meter, {
      ...{ boot: this.#boot, sequence: round + 1, sealedAt_ms },
      read_at_ms: this.#firstRead_ms + round * this.#apart_ms,
      energy_wh: 1_000_000 + index + round * STEP_WH,
    });
  }
}
