/** An enrolled meter, its frames and the ways to spoil them, for the meter actor. */
import { encodePack } from "../../../protocol/senml.ts";
import type { Register } from "../../../protocol/messages/common.ts";
import { HeadEndKeys } from "../../../protocol/tves/keys.ts";
import { sealFrame } from "../../../protocol/tves/seal.ts";
import type { FindMeter, Input } from "../../../actors/shard/actor.ts";
import { energy } from "../../support/meters.ts";

export const METER = "MH001";
export const ALIAS = 77;
/** 2026-03-01 00:00 UTC. */
export const NOW_MS = 1_772_323_200_000;

export const keys = new HeadEndKeys({
  key: new Uint8Array(32).fill(7),
  generation: 1,
  enrolmentDay: Math.floor(NOW_MS / 86_400_000) - 3,
  meterId: METER,
});

export const find: FindMeter = (alias) =>
  alias === ALIAS
    ? {
      meterId: METER,
      slaveId: "slave-1",
      generations: [1],
      keysOf: (generation) => generation === 1 ? keys : undefined,
    }
    : undefined;

export interface SealedAs {
  readonly sequence: number;
  readonly boot?: number;
  readonly generation?: number;
  readonly alias?: number;
  /** The moment whose second seals; the pack says the same unless `said_ms` is given. */
  readonly sealed_at_ms?: number;
  readonly said_ms?: number;
  readonly registers?: Register[];
  readonly plaintext?: Uint8Array;
  readonly hint?: boolean;
}

export function frame(as: SealedAs): Uint8Array {
  const sealed_at_ms = as.sealed_at_ms ?? NOW_MS;
  const t_s = Math.floor(sealed_at_ms / 1_000);
  return sealFrame({
    suite: 1,
    hint: as.hint ?? false,
    clockQuality: 2,
    alias: as.alias ?? ALIAS,
    generation: as.generation ?? 1,
    boot: as.boot ?? 1,
    sequence: as.sequence,
    t_s,
    secondKey: keys.secondKey(t_s)!,
    plaintext: as.plaintext ?? encodePack({
      meterId: METER,
      sealedAt_ms: as.said_ms ?? sealed_at_ms,
      registers: as.registers ?? energy(1_000, NOW_MS - 60_000),
    }),
  });
}

let sequence = 0;
export function input(payload: Uint8Array, arrival_ms = NOW_MS, id = METER): Input {
  return { sequence: ++sequence, id, payload, arrival_ms };
}
