/** A meter's generations of keys, as far as the head-end has seen them in use. */
import { type State, stateOf, type Way } from "../../actors/enrolment/next_key.ts";
import type { Enrolment } from "../../protocol/messages/enrolment.ts";
import { z } from "../../protocol/schema.ts";
import { METERS_BUCKET } from "../../protocol/subjects.ts";
import type { Broker } from "../jetstream/broker.ts";

const DAY_MS = 86_400_000;

/** What is asked of a master's view; it may be older and say less. */
const view = z.object({
  replay: z.object({
    generation: z.int().nullable(),
    first_t_s: z.int().optional(),
  }),
});

/** The newest generation of which a master accepted a frame, -1 before the first. */
export interface InUse {
  readonly generation: number;
  /** The second in which its first frame was sealed, where that is known. */
  readonly first_t_s: number | undefined;
}

/** What a master's view of a meter, as `samay_meters` has it, says of its generations. */
export function inUseOf(actor: unknown): InUse {
  const found = view.safeParse(actor);
  const { generation = -1, first_t_s } = found.success ? found.data.replay : {};
  return { generation: generation ?? -1, first_t_s };
}

/** A master's view of a meter; null before its first frame. */
export async function actorOf(broker: Broker, meter_id: string): Promise<unknown> {
  const entry = await (await broker.bucket(METERS_BUCKET)).get(meter_id);
  return entry === undefined ? null : JSON.parse(new TextDecoder().decode(entry.value));
}

export interface Generation {
  readonly generation: number;
  /** Day on which its chain of keys begins, UTC. */
  readonly begins_on: string;
  /** In a key file, or over the air; what was made before this was recorded counts as sent. */
  readonly way: Way;
  readonly state: State;
  readonly retired_at: string | null;
  /** When the first frame that was accepted of it was sealed; null where that is not known. */
  readonly first_used_at: string | null;
}

/** The generations of `entry`, the newest first, in the light of what is in use. */
export function generationsOf({ keys }: Enrolment, inUse: InUse): Generation[] {
  return keys.map((key): Generation => {
    const { generation, enrolment_day, not_after_ms } = key;
    const first_s = generation === inUse.generation ? inUse.first_t_s : undefined;
    return {
      generation,
      begins_on: new Date(enrolment_day * DAY_MS).toISOString().slice(0, 10),
      way: generation === 0 || key.by_hand === true ? "hand" : "air",
      state: stateOf(key, inUse.generation),
      retired_at: not_after_ms === undefined ? null : new Date(not_after_ms).toISOString(),
      first_used_at: first_s === undefined ? null : new Date(first_s * 1_000).toISOString(),
    };
  }).reverse();
}

/** The generations in words, one row each, for `meter show`. */
export function generationRows(generations: readonly Generation[]): [string, string][] {
  return generations.map(({ generation, begins_on, way, state, retired_at, first_used_at }) => {
    const words = {
      waiting: `waits for its first frame (${way === "hand" ? "in a key file" : "over the air"})`,
      "in use": `in use${first_used_at === null ? "" : ` since ${first_used_at}`}`,
      replaced: "replaced",
      retired: `retired at ${retired_at}`,
    };
    return ["Key", `generation ${generation}, from ${begins_on}: ${words[state]}`];
  });
}
