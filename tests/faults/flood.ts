/**
 * One meter's slave sends without measure, while the others' readings go on: how long do those wait,
 * beside what they waited a moment before?
 */
import { randomBytes } from "node:crypto";
import { fromHex } from "../../protocol/bytes.ts";
import type { SlaveKeyFile } from "../../protocol/messages/enrolment.ts";
import { encodePack } from "../../protocol/senml.ts";
import { partitionOf, subjects } from "../../protocol/subjects.ts";
import { HeadEndKeys } from "../../protocol/tves/keys.ts";
import { sealFrame } from "../../protocol/tves/seal.ts";
import type { NatsBroker } from "../../streams/jetstream/connection.ts";
import { askOffice } from "../../streams/office/client.ts";
import type { Enrolled } from "../../streams/office/enrol.ts";
import { FLOOD_METER, FLOOD_SLAVE, type HeadEnd } from "./head_end.ts";
import type { Wait } from "./journal_checker.ts";
import { type Harm, limitOf, type Scenario } from "./scenario.ts";
import { pause, until } from "./world.ts";

/** Frames of the one meter for each reading of all the others. */
const FLOOD_TIMES = 20;
const PERIOD_MS = 20;
/** Others may have this share less done in the same time, and wait this share longer on the whole. */
const SLOWER_MAX = 0.1;
/** A wait is a few milliseconds: what this adds to it is no delay for a reading every 15 minutes. */
const SLOWER_MAX_MS = 20;

type Make = (n: number) => { readonly subject: string; readonly frame: Uint8Array };

/** Sends what `make` gives, `rate` a second, for `duration_ms`. Returns how many the broker took. */
async function pour(
  broker: NatsBroker,
  make: Make,
  rate: number,
  duration_ms: number,
): Promise<number> {
  const begin_ms = performance.now();
  const pending = new Set<Promise<void>>();
  let [sent, taken] = [0, 0];
  for (let now_ms = begin_ms; now_ms < begin_ms + duration_ms; now_ms = performance.now()) {
    for (; sent < (now_ms - begin_ms) / 1_000 * rate; sent++) {
      const { subject, frame } = make(sent);
      const publishing: Promise<void> = broker.publish(subject, frame)
        .then(() => void taken++)
        .finally(() => pending.delete(publishing));
      pending.add(publishing);
    }
    await pause(PERIOD_MS);
  }
  await Promise.all(pending);
  return taken;
}

/** Good readings of one meter, each like no other; each is noted among those that must arrive. */
class GoodFrames {
  readonly #file: SlaveKeyFile;
  readonly #keys: HeadEndKeys;
  #count = 0;
  readonly noted: string[] = [];
  readonly #begin_ms = Date.now() - 300_000;

  constructor(file: SlaveKeyFile) {
    const { generation, enrolment_day: enrolmentDay, meter_id: meterId } = file;
    this.#file = file;
    this.#keys = new HeadEndKeys({ key: fromHex(file.key), generation, enrolmentDay, meterId });
  }

  make(): ReturnType<Make> {
    const { meter_id: meterId, alias, generation, suite } = this.#file;
    const value = 1_000 + ++this.#count;
    const now_ms = Date.now();
    const read_at_ms = this.#begin_ms + this.#count; // One a millisecond, all of them past.
    const t_s = Math.floor(now_ms / 1_000);
    this.noted.push(`${meterId}\t${read_at_ms}\t${value}`);
    const registers = [{ obis: "1-0:1.8.0", value, unit: "Wh" as const, read_at_ms }];
    const frame = sealFrame({
      ...{ suite, hint: false, clockQuality: 2, alias, generation, boot: 1, t_s },
      sequence: this.#count,
      secondKey: this.#keys.secondKey(t_s)!,
      plaintext: encodePack({ meterId, sealedAt_ms: now_ms, registers }),
    });
    return { subject: subjects.frame(meterId), frame };
  }
}

interface Measured {
  readonly readings: number;
  readonly mean_ms: number;
  readonly p99_ms: number;
}

/** Of the readings of others that arrived in the time; `same`: those of the flooded partition alone. */
function measure(waits: readonly Wait[], from_ms: number, to_ms: number, same: boolean): Measured {
  const home = partitionOf(FLOOD_METER);
  const found = waits.filter(({ meter_id, arrival_ms }) =>
    meter_id !== FLOOD_METER && arrival_ms >= from_ms && arrival_ms < to_ms &&
    (partitionOf(meter_id) === home) === same
  ).map(({ wait_ms }) => wait_ms).sort((a, b) => a - b);
  return {
    readings: found.length,
    mean_ms: found.reduce((sum, one) => sum + one, 0) / Math.max(1, found.length),
    p99_ms: found[Math.floor(found.length * 0.99)] ?? 0,
  };
}

const round = (value: number) => Math.round(value * 10) / 10;

async function flood(harm: Harm): Promise<void> {
  const { head, fault, figures } = harm;
  const { load, options: { meters, interval_s } } = head;
  // A whole interval, so that the same meters are read in each phase.
  const phase_ms = interval_s * 1_000;
  const rate = FLOOD_TIMES * meters / interval_s;
  const slave = await head.world.link(FLOOD_SLAVE);
  const good = new GoodFrames(await keyOf(head));
  const unknown = (n: number) => `MHNOBODY${n % 5_000}`;
  const kinds: Record<string, { broker: NatsBroker; make: Make }> = {
    // The broker lets no slave write for a meter that is not its own: an operator's user does it here.
    "unknown meters": {
      broker: head.operator,
      make: (n) => ({ subject: subjects.frame(unknown(n)), frame: randomBytes(80) }),
    },
    garbage: {
      broker: slave,
      make: () => ({ subject: subjects.frame(FLOOD_METER), frame: randomBytes(80) }),
    },
    "good frames": { broker: slave, make: () => good.make() },
  };
  figures["flood a second"] = Math.round(rate);
  head.journal.waits = [];
  for (const [kind, { broker, make }] of Object.entries(kinds)) {
    const calm_ms = Date.now();
    await pause(phase_ms);
    const from_ms = Date.now();
    const taken = await pour(broker, make, rate, phase_ms);
    const to_ms = from_ms + phase_ms;
    if (taken < 0.9 * rate * phase_ms / 1_000) fault(`${kind}: only ${taken} frames were sent`);
    await until(`${kind} are worked off`, () => head.journal.quiet(2_000, rate / 2));
    const phases = [false, true].map((same) => ({
      calm: measure(head.journal.waits!, calm_ms, from_ms, same),
      during: measure(head.journal.waits!, from_ms, to_ms, same),
    }));
    judge(harm, kind, phases[0]!);
    const { calm, during } = phases[1]!;
    figures[`${kind}: same partition, mean ms`] = `${round(calm.mean_ms)} > ${
      round(during.mean_ms)
    }`;
  }
  await Deno.writeTextFile(load.generatedFile, good.noted.map((line) => `${line}\n`).join(""), {
    append: true,
  });
  head.flooded += good.noted.length;
  head.journal.waits = undefined;
}

function judge(
  { short, fault, figures }: Harm,
  kind: string,
  { calm, during }: { calm: Measured; during: Measured },
): void {
  const slower_ms = during.mean_ms - calm.mean_ms;
  figures[`${kind}: others, mean ms`] = `${round(calm.mean_ms)} > ${round(during.mean_ms)}`;
  figures[`${kind}: others, p99 ms`] = `${calm.p99_ms} > ${during.p99_ms}`;
  figures[`${kind}: others done, ratio`] = round(100 * during.readings / calm.readings) / 100;
  if (during.readings < (1 - SLOWER_MAX) * calm.readings) {
    fault(`${kind}: ${during.readings} readings of others were done, ${calm.readings} before`);
  }
  const limit_ms = Math.max(SLOWER_MAX * calm.mean_ms, limitOf(short, SLOWER_MAX_MS));
  if (slower_ms > limit_ms) fault(`${kind}: others wait ${round(slower_ms)} ms longer`);
}

/** The meter that floods is enrolled like any other, and no slave reads it. */
async function keyOf(head: HeadEnd): Promise<SlaveKeyFile> {
  const given = {
    ...{ meter_id: FLOOD_METER, slave_id: FLOOD_SLAVE, consumer_number: "C1", name: "Test" },
  };
  return (await askOffice(head.operator, "meter-enrol", given) as Enrolled).key_file;
}

export const floods: readonly Scenario[] = [
  { name: "flood", title: "One meter floods; the others go on", inShort: true, run: flood },
];
