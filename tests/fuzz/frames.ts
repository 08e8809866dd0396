/** A meter with a history, and good frames of every kind to start from. */
import { concat, utf8 } from "../../protocol/bytes.ts";
import type { ClockQuality } from "../../protocol/messages/common.ts";
import { encodePack } from "../../protocol/senml.ts";
import { HeadEndKeys } from "../../protocol/tves/keys.ts";
import { sealFrame } from "../../protocol/tves/seal.ts";
import type { Suite } from "../../protocol/tves/suites.ts";
import { meterActor } from "../../actors/meter/meter.ts";
import type { MeterState } from "../../actors/meter/state.ts";
import type { FindMeter, Input, KnownMeter } from "../../actors/shard/actor.ts";
import { energy } from "../support/meters.ts";

export const METER = "MH-1001";
const OTHER = "MH-1002";
const ALIASES: Readonly<Record<string, number>> = { [METER]: 0x1001, [OTHER]: 0x1002 };
const UNENROLLED_ALIAS = 0x1003;
/** 2026-03-01 12:00:00.250 UTC, a quarter into its second. */
export const NOW_MS = 1_772_366_400_250;
const DAY_MS = 86_400_000;
const DELAY_MS = 80;
/** What the meter's replay window stands at. */
const HIGHEST = 5_000;
const LEARNED_FRAMES = 12;

function keysOf(meterId: string, generation: number): HeadEndKeys {
  const key = new Uint8Array(32).fill(16 * generation + meterId.length);
  key.set(utf8(meterId));
  return new HeadEndKeys({
    key,
    generation,
    enrolmentDay: Math.floor(NOW_MS / DAY_MS) - 2,
    meterId,
  });
}

/** Generation 3 is sealed with and never enrolled. */
const KEYS = new Map(
  [METER, OTHER].flatMap((id) =>
    [1, 2, 3].map((generation) => [`${id}/${generation}`, keysOf(id, generation)] as const)
  ),
);

const meters = new Map<number, KnownMeter>([METER, OTHER].map((meterId) => [ALIASES[meterId]!, {
  meterId,
  slaveId: "slave-1",
  generations: [1, 2],
  keysOf: (generation) => generation > 2 ? undefined : KEYS.get(`${meterId}/${generation}`),
}]));
export const find: FindMeter = (alias) => meters.get(alias);

interface SealedAs {
  readonly suite?: Suite;
  readonly hint?: boolean;
  readonly clockQuality?: ClockQuality;
  readonly meterId?: string;
  readonly alias?: number;
  readonly generation?: number;
  readonly boot?: number;
  readonly sequence?: number;
  readonly sealed_at_ms?: number;
  readonly plaintext?: Uint8Array;
}

function seal(as: SealedAs): Uint8Array {
  const { meterId = METER, generation = 2, sealed_at_ms = NOW_MS - DELAY_MS } = as;
  const t_s = Math.floor(sealed_at_ms / 1_000);
  return sealFrame({
    suite: as.suite ?? 1,
    hint: as.hint ?? false,
    clockQuality: as.clockQuality ?? 2,
    alias: as.alias ?? ALIASES[meterId]!,
    generation,
    boot: as.boot ?? 3,
    sequence: as.sequence ?? HIGHEST + 1,
    t_s,
    secondKey: KEYS.get(`${meterId}/${generation}`)!.secondKey(t_s)!,
    plaintext: as.plaintext ??
      encodePack({
        meterId,
        sealedAt_ms: sealed_at_ms,
        registers: energy(1_000, sealed_at_ms - 1_000),
      }),
  });
}

export function inputOf(payload: Uint8Array, arrival_ms = NOW_MS, id = METER): Input {
  return { sequence: 1, id, payload, arrival_ms };
}

/** The meter after a dozen readings, a quarter of an hour apart: clock learned, window filled. */
export function meterWithHistory(): MeterState {
  const state = meterActor.fresh(METER);
  for (let age = LEARNED_FRAMES; age > 0; age--) {
    const arrival_ms = NOW_MS - age * 900_000;
    const bytes = seal({ sequence: HIGHEST + 1 - age, sealed_at_ms: arrival_ms - DELAY_MS });
    meterActor.apply(state, meterActor.receive(state, inputOf(bytes, arrival_ms), find));
  }
  if (state.opened !== LEARNED_FRAMES) throw new Error(`learned from ${state.opened} frames`);
  return state;
}

/** A frame as it was sealed, and what the head-end says of it at `NOW_MS`. */
export interface Original {
  readonly bytes: Uint8Array;
  readonly verdict: string;
}

/** Good frames of every verdict that a frame with a right tag can have, in each suite, blind and hinted. */
export function originals(): Original[] {
  const pack = (meterId: string, at_ms: number) =>
    encodePack({ meterId, sealedAt_ms: at_ms, registers: energy(1, at_ms - 1_000) });
  const kinds: readonly (readonly [string, SealedAs])[] = [
    ["reading", {}],
    ["reading", { sealed_at_ms: NOW_MS + 4_000, clockQuality: 1 }],
    ["reading", { sealed_at_ms: NOW_MS - 9_000, sequence: 0xffff_ffff, clockQuality: 0 }],
    ["reading", { boot: 4, sequence: 1, clockQuality: 3 }],
    ["replayed", { sequence: HIGHEST, sealed_at_ms: NOW_MS - DELAY_MS }],
    ["pre_played", { sequence: 17 }],
    ["too_old", { boot: 2 }],
    ["too_old", { generation: 1 }],
    ["pre_played", { sequence: HIGHEST - 40 }],
    ["not_a_pack", { plaintext: new Uint8Array() }],
    ["not_a_pack", { plaintext: utf8("no pack at all") }],
    ["not_a_pack", { plaintext: pack(OTHER, NOW_MS - DELAY_MS) }],
    ["not_a_pack", { plaintext: pack(METER, NOW_MS + 5_000) }],
    ["not_a_pack", { plaintext: concat(pack(METER, NOW_MS - DELAY_MS), Uint8Array.of(0)) }],
    ["wrong_subject", { meterId: OTHER }],
    ["unknown_meter", { alias: UNENROLLED_ALIAS }],
    ["unknown_generation", { generation: 3 }],
    ["no_key_in_window", { sealed_at_ms: NOW_MS - 60_000 }],
  ];
  return ([1, 2, 3] as const).flatMap((suite) =>
    [false, true].flatMap((hint) =>
      kinds.map(([verdict, as]) => ({ bytes: seal({ ...as, suite, hint }), verdict }))
    )
  );
}
