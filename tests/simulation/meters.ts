/** The meters and slaves of a world: few, and in few partitions, with real keys and real frames. */
import type { FindMeter, KnownMeter } from "../../actors/shard/actor.ts";
import { encodePack } from "../../protocol/senml.ts";
import { partitionOf } from "../../protocol/subjects.ts";
import type { Register } from "../../protocol/messages/common.ts";
import { HeadEndKeys } from "../../protocol/tves/keys.ts";
import type { SecondKeys } from "../../protocol/tves/open.ts";
import { sealFrame } from "../../protocol/tves/seal.ts";

/** Forty seconds before April 2026 begins in India: a billing period ends in each world. */
export const START_MS = Date.UTC(2026, 2, 31, 18, 30) - 40_000;
const DAY_MS = 86_400_000;
const GENERATION = 1;

/** Names of the form `prefix-N` that fall into one of `partitions`, `count` for each. */
function named(prefix: string, partitions: readonly number[], count: number): string[] {
  return partitions.flatMap((partition) => {
    const names: string[] = [];
    for (let i = 0; names.length < count; i++) {
      if (partitionOf(`${prefix}-${i}`) === partition) names.push(`${prefix}-${i}`);
    }
    return names;
  });
}

/** The partitions that the masters of a world share; the others stay empty. */
export const WORLD_PARTITIONS: readonly number[] = [7, 42];
export const METERS = named("M", WORLD_PARTITIONS, 2);
export const SLAVES = named("slave", WORLD_PARTITIONS, 1);

/** Every slave reads meters of every partition. */
export const slaveOf = (meterId: string): string =>
  SLAVES[METERS.indexOf(meterId) % SLAVES.length]!;
export const metersOf = (slaveId: string) => METERS.filter((meter) => slaveOf(meter) === slaveId);

/** Keys of seconds, remembered: all worlds live through the same minutes. */
class RememberedKeys implements SecondKeys {
  readonly #keys: HeadEndKeys;
  readonly #seconds = new Map<number, Uint8Array | undefined>();

  constructor(meterId: string, alias: number) {
    this.#keys = new HeadEndKeys({
      key: new Uint8Array(32).fill(alias + 1),
      generation: GENERATION,
      enrolmentDay: Math.floor(START_MS / DAY_MS) - 3,
      meterId,
    });
  }

  secondKey(t_s: number): Uint8Array | undefined {
    let key = this.#seconds.get(t_s);
    if (key === undefined) this.#seconds.set(t_s, key = this.#keys.secondKey(t_s));
    return key;
  }
}

const keys = METERS.map((meterId, alias) => new RememberedKeys(meterId, alias));
const known = METERS.map((meterId, alias): KnownMeter => ({
  meterId,
  slaveId: slaveOf(meterId),
  generations: [GENERATION],
  keysOf: (generation) => generation === GENERATION ? keys[alias] : undefined,
}));

/** What a master's keyring answers. */
export const findMeter: FindMeter = (alias) => known[alias];

export interface Sealing {
  readonly meter_id: string;
  readonly registers: readonly Register[];
  readonly at_ms: number;
  readonly boot: number;
  readonly sequence: number;
}

/** A TVES frame of a meter, sealed with the key of its second. */
export function seal({ meter_id, registers, at_ms, boot, sequence }: Sealing) {
  const alias = METERS.indexOf(meter_id);
  const sealedAt_ms = Math.floor(at_ms);
  const t_s = Math.floor(sealedAt_ms / 1_000);
  const frame = sealFrame({
    suite: 1,
    hint: false,
    clockQuality: 2,
    alias,
    generation: GENERATION,
    boot,
    sequence,
    t_s,
    secondKey: keys[alias]!.secondKey(t_s)!,
    plaintext: encodePack({ meterId: meter_id, sealedAt_ms, registers }),
  });
  return { frame, t_s };
}
