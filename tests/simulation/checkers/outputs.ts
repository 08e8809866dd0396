/**
 * I5: the journal says what one undisturbed owner would have said of the same inputs, in the same
 * order and to the last byte: each input is decided once, none is left out.
 */
import { meterActor } from "../../../actors/meter/meter.ts";
import { sessionActor } from "../../../actors/session/session.ts";
import type { Input } from "../../../actors/shard/actor.ts";
import { TerminalError } from "../../../protocol/errors.ts";
import type { JournalEvent } from "../../../protocol/messages/journal.ts";
import { partitionOf } from "../../../protocol/subjects.ts";
import type { AnyActor } from "../../../streams/masters/shard_options.ts";
import { findMeter } from "../meters.ts";
import { type Checker, type Evidence, Violation } from "./checker.ts";

const ACTORS: Readonly<Record<string, AnyActor>> = {
  meter: meterActor,
  session: sessionActor,
};

export function outputsChecker(): Checker {
  return {
    atRest: (evidence) => {
      for (const [subject, inputs] of evidence.inputs) compare(subject, inputs, evidence);
    },
  };
}

function compare(subject: string, inputs: readonly Input[], evidence: Evidence): void {
  const actor = ACTORS[subject.split(".")[2]!]!;
  const home = Number(subject.split(".")[3]);
  const own = inputs.map((input) => ({ input, here: partitionOf(input.id) === home }));
  const expected = undisturbed(actor, own, evidence.dead.get(actor.stream));
  const said = evidence.journal.filter((entry) => entry.subject === subject)
    .flatMap(({ record, sequence }) => record.events.map((event) => ({ event, sequence })));
  for (let i = 0; i < Math.max(said.length, expected.length); i++) {
    const [here, there] = [JSON.stringify(said[i]?.event), JSON.stringify(expected[i])];
    if (here === there) continue;
    throw new Violation(
      "I5",
      `event ${i} of ${subject} (record ${said[i]?.sequence ?? "none"}) is ${
        here ?? "missing"
      }; an ` +
        `undisturbed owner says ${there ?? "nothing"}`,
    );
  }
}

/** The events of one owner that nothing ever happens to. What it cannot handle must be set aside. */
function undisturbed(
  actor: AnyActor,
  inputs: readonly { readonly input: Input; readonly here: boolean }[],
  dead: ReadonlySet<number> = new Set(),
): JournalEvent[] {
  const states = new Map<string, unknown>();
  const events: JournalEvent[] = [];
  for (const { input, here } of inputs) {
    const event = here ? decided(actor, states.get(input.id), input) : undefined;
    if ((event === undefined) !== dead.has(input.sequence)) {
      const found = event === undefined ? "can never be handled, and is not" : "is fine, and lies";
      throw new Violation(
        "I5",
        `${actor.stream} ${input.sequence} ${found} among the dead letters`,
      );
    }
    if (event === undefined) continue;
    events.push(event);
    const id = actor.idOf(event);
    if (id === undefined) continue;
    if (!states.has(id)) states.set(id, actor.fresh(id));
    actor.apply(states.get(id), event);
  }
  return events;
}

function decided(actor: AnyActor, state: unknown, input: Input) {
  try {
    return actor.receive(state, input, findMeter) as JournalEvent;
  } catch (error) {
    if (error instanceof TerminalError) return undefined;
    throw error;
  }
}
