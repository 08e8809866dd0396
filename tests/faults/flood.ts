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
import { median } from "../bench/rounds.ts";
import { type Harm, limitOf, type Scenario } from "./scenario.ts";
import { pause, until } from "./world.ts";

/** Frames of the one meter for each reading of all the others. */
const FLOOD_TIMES = 20;
const PERIOD_MS = 20;
/** Calm ones and flooded ones each. */
const TURNS = 5;
const UNKNOWN_METERS = 5_000;
/** One in a hundred may wait so long, and all of them on average so much longer than without. */
const STALL_MAX_MS = 1_000;
const SLOWER_MAX_MS = 100;

type Make = (n: number) => { readonly subject: string; readonly frame: Uint8Array };

/**
 * Sends what `make` gives, `rate` a second, until as many are sent as belong into `duration_ms`: a
 * machine that does other things takes longer, and the last of them come closer together. Returns how
 * many the broker took.
 */
async function pour(
  broker: NatsBroker,
  make: Make,
  rate: number,
  duration_ms: number,
): Promise<number> {
  const begin_ms = performance.now();
  const pending = new Set<Promise<void>>();
  const wanted = Math.round(rate * duration_ms / 1_000);
  let [sent, taken] = [0, 0];
  while (sent < wanted) {
    const due = Math.min(wanted, (performance.now() - begin_ms) / 1_000 * rate);
    for (; sent < due; sent++) {
      const { subject, frame } = make(sent);
      const publishing: Promise<void> = broker.publish(subject, frame)
        .then(() => void taken++, () => {}) // The count tells.
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

/** How long readings of others waited that arrived in one turn. */
interface Turn {
  readonly mean_ms: number;
  readonly p99_ms: number;
  /** In the flooded partition; in the others of the master that has it; in those of other masters. */
  readonly partition_ms: number;
  readonly master_ms: number;
  readonly elsewhere_ms: number;
}

const mean = (values: readonly number[]) =>
  values.reduce((sum, one) => sum + one, 0) / Math.max(1, values.length);

function measure(head: HeadEnd, from_ms: number, to_ms: number): Turn {
  const home = partitionOf(FLOOD_METER);
  const owners = head.journal.owners();
  const others = head.journal.waits!.filter(({ meter_id, arrival_ms }) =>
    meter_id !== FLOOD_METER && arrival_ms >= from_ms && arrival_ms < to_ms
  ).map(({ meter_id, wait_ms }) => ({ partition: partitionOf(meter_id), wait_ms }));
  const waits_ms = others.map(({ wait_ms }) => wait_ms).sort((a, b) => a - b);
  const meanOf = (chosen: (partition: number) => boolean) =>
    mean(others.filter(({ partition }) => chosen(partition)).map(({ wait_ms }) => wait_ms));
  const isHere = (partition: number) => owners.get(partition) === owners.get(home);
  return {
    mean_ms: mean(waits_ms),
    p99_ms: waits_ms[Math.floor(waits_ms.length * 0.99)] ?? 0,
    partition_ms: meanOf((partition) => partition === home),
    master_ms: meanOf((partition) => partition !== home && isHere(partition)),
    elsewhere_ms: meanOf((partition) => !isHere(partition)),
  };
}

/**
 * Calm and flooded turns, one after the other: what else the machine does meets both. The middle one
 * of each counts. In the short form there is one of each, and more where the first does not hold:
 * other work that comes for a second meets only one of them.
 */
async function flood(harm: Harm): Promise<void> {
  const { head, short, fault, figures } = harm;
  const { load, options: { meters, interval_s } } = head;
  const turn_ms = interval_s * 1_000 / (short ? 1 : TURNS);
  const rate = FLOOD_TIMES * meters / interval_s;
  const slave = await head.world.link(FLOOD_SLAVE);
  const good = new GoodFrames(await keyOf(head));
  figures["flood a second"] = Math.round(rate);
  head.journal.waits = [];
  for (const [kind, { broker, make }] of Object.entries(kindsOf(head, slave, good))) {
    const turns: { readonly calm: Turn[]; readonly during: Turn[] } = { calm: [], during: [] };
    const turn = async (to: Turn[], work: () => Promise<unknown>) => {
      const from_ms = Date.now();
      await work();
      const to_ms = Date.now();
      await until(`${kind} are worked off`, () => head.journal.quiet(1_000, rate / 2));
      await pause(500); // What waited longest comes last.
      to.push(measure(head, from_ms, to_ms));
    };
    for (let n = 1; n <= TURNS; n++) {
      await turn(turns.calm, () => pause(turn_ms));
      await turn(turns.during, async () => {
        const taken = await pour(broker, make, rate, turn_ms);
        if (taken < 0.9 * rate * turn_ms / 1_000) fault(`${kind}: the flood was not taken`);
      });
      if (short && faultsOf(harm, kind, middles(turns)).length === 0) break;
    }
    tell(harm, kind, middles(turns));
    for (const what of faultsOf(harm, kind, middles(turns))) fault(what);
  }
  await Deno.writeTextFile(load.generatedFile, good.noted.map((line) => `${line}\n`).join(""), {
    append: true,
  });
  head.flooded += good.noted.length;
  head.journal.waits = undefined;
}

function kindsOf(head: HeadEnd, slave: NatsBroker, good: GoodFrames) {
  const unknown = (n: number) => `MHNOBODY${n % UNKNOWN_METERS}`;
  return {
    // The broker lets no slave write for a meter that is not its own: an operator's user does it here.
    "unknown meters": {
      broker: head.operator,
      make: (n: number) => ({ subject: subjects.frame(unknown(n)), frame: randomBytes(80) }),
    },
    garbage: {
      broker: slave,
      make: () => ({ subject: subjects.frame(FLOOD_METER), frame: randomBytes(80) }),
    },
    "good frames": { broker: slave, make: () => good.make() },
  };
}

interface Middles {
  readonly calm: Turn;
  readonly during: Turn;
}

function middles(turns: { readonly calm: Turn[]; readonly during: Turn[] }): Middles {
  return { calm: middleOf(turns.calm), during: middleOf(turns.during) };
}

function middleOf(turns: readonly Turn[]): Turn {
  const middle = (of: keyof Turn) => median(turns.map((turn) => turn[of]));
  return {
    mean_ms: middle("mean_ms"),
    p99_ms: middle("p99_ms"),
    partition_ms: middle("partition_ms"),
    master_ms: middle("master_ms"),
    elsewhere_ms: middle("elsewhere_ms"),
  };
}

function tell({ figures }: Harm, kind: string, { calm, during }: Middles): void {
  const of = (what: keyof Turn) => `${Math.round(calm[what])} > ${Math.round(during[what])}`;
  figures[`${kind}: others wait, mean ms`] = of("mean_ms");
  figures[`${kind}: p99 ms`] = of("p99_ms");
  figures[`${kind}: same partition ms`] = of("partition_ms");
  figures[`${kind}: same master ms`] = of("master_ms");
  figures[`${kind}: other masters ms`] = of("elsewhere_ms");
}

/** What does not hold: how long the others wait is judged beside what they wait without the flood. */
function faultsOf({ short }: Harm, kind: string, { calm, during }: Middles): string[] {
  const faults: string[] = [];
  if (during.p99_ms > calm.p99_ms + limitOf(short, STALL_MAX_MS)) {
    faults.push(`${kind}: others wait ${during.p99_ms} ms (p99), ${calm.p99_ms} without it`);
  }
  const slower_ms = during.mean_ms - calm.mean_ms;
  if (slower_ms > limitOf(short, SLOWER_MAX_MS)) {
    faults.push(`${kind}: others wait ${Math.round(slower_ms)} ms longer`);
  }
  return faults;
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
