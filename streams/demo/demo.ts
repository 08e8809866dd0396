/** The whole way on this machine, told as it goes; it ends by itself. */
import { startSlave } from "../edge/slave.ts";
import { slaveConfiguration, type SlaveConfigurationInput } from "../edge/configuration.ts";
import { openStore } from "../edge/store.ts";
import { askOffice } from "../office/client.ts";
import type { Enrolled } from "../office/enrol.ts";
import type { EnrolInput } from "../office/enrol_input.ts";
import { createPaint, type Paint } from "../terminal/colour.ts";
import { Failure } from "../terminal/command.ts";
import { createProgress, type Progress } from "../terminal/progress.ts";
import { type StopSignal, watchForStop } from "../terminal/signals.ts";
import { PARTITIONS } from "../../protocol/subjects.ts";
import { type DemoCustomer, demoCustomer } from "./customers.ts";
import { type DemoLine, startFirstMeter, startSoftwareLines } from "./meters.ts";
import { type DemoCalendar, demoCalendar, fillOutbox, importClosedMonths } from "./past.ts";
import { type EdgeTraces, tellStory, traceReadings } from "./story.ts";
import { billsPath, countsOf, type DemoCounts, summaryOf } from "./summary.ts";
import { type DemoWorld, startWorld } from "./world.ts";

export interface DemoOptions {
  readonly dataDir: string;
  /** Software meters beside the one with the real firmware. */
  readonly meters: number;
  readonly json: boolean;
}

/** How long each stage may take before the demo gives up and says which one hung. */
const STAGE_MAX_MS = 60_000;
const LOOK_EVERY_MS = 100;
const ENROL_AT_ONCE = 4;

/** Runs the demo. Returns once everything that it started has ended. */
export async function runDemo(options: DemoOptions): Promise<void> {
  const started: DemoWorld["started"] = [];
  const progress = createProgress();
  const watch = watchForStop();
  const demo = new Demo(options, progress, started);
  watch.stopped.then((signal) => demo.interrupted = signal);
  try {
    await demo.run();
  } finally {
    progress.end();
    for (const part of started.reverse()) await part.stop();
    watch.release();
  }
}

class Demo {
  readonly #options: DemoOptions;
  readonly #progress: Progress;
  readonly #started: DemoWorld["started"];
  readonly #calendar: DemoCalendar = demoCalendar(Date.now());
  readonly #paint: Paint = createPaint();
  readonly #began_ms = performance.now();
  /** Set from outside: the demo ends after the step in hand, and all that it started is stopped. */
  interrupted: StopSignal | undefined;

  constructor(options: DemoOptions, progress: Progress, started: DemoWorld["started"]) {
    this.#options = options;
    this.#progress = progress;
    this.#started = started;
  }

  async run(): Promise<void> {
    const { meters, dataDir } = this.#options;
    const customers = Array.from({ length: meters + 1 }, (_, i) => demoCustomer(i));
    this.#stage("Starting broker, master, database, and a mail and an SMS server on loopback");
    const world = await startWorld(dataDir, this.#started);
    await world.master.master.untilHolding(PARTITIONS);
    this.#stage("Building the firmware and starting the meters");
    const { lines, missing } = await this.#startMeters(customers);
    if (missing) {
      this.#stage(`  No ${missing}: the first meter is software too (deno task doctor says more)`);
    }
    this.#stage(`Enrolling ${customers.length} meters, with twelve months brought along`);
    const keys = await this.#enrol(world, lines);
    await importClosedMonths(world.billing.db, this.#calendar, customers);
    const waiting = await this.#fillOutboxes(lines);
    this.#stage(`The network is back: ${waiting} readings of a month leave the outboxes, each sealed
  with the key of the second in which it goes out`);
    const traces = await this.#startSlaves(world, lines, keys, customers[0]!);
    await this.#until("the readings", waiting, async () => (await this.#counts(world)).readings);
    this.#stage(`Closing ${this.#calendar.period}: every meter is asked for a reading`);
    await askOffice(world.broker, "bill-run", { period: this.#calendar.period }, STAGE_MAX_MS);
    await this.#until(
      "the bills",
      customers.length,
      async () => (await this.#counts(world)).issued,
    );
    this.#stage("Sending bills: PDF by e-mail, a text by SMS");
    await this.#until(
      "the messages",
      2 * customers.length,
      async () => (await this.#counts(world)).sent,
    );
    await this.#tell(world, customers[0]!, traces, missing);
  }

  #goOn(): void {
    if (this.interrupted === undefined) return;
    throw new Failure(`${this.interrupted}: the demo was stopped before its end`);
  }

  #stage(text: string): void {
    this.#goOn();
    if (!this.#options.json) this.#progress.stage(text);
  }

  async #startMeters(customers: readonly DemoCustomer[]) {
    const first = await startFirstMeter(customers[0]!, this.#options.dataDir);
    this.#started.push(first.meter);
    const lines: DemoLine[] = [first, ...startSoftwareLines(customers.slice(1))];
    this.#started.push(...lines.slice(1).map((line) => line.meter));
    return { lines, missing: first.missing };
  }

  /** Returns the key file of each meter. */
  async #enrol(world: DemoWorld, lines: readonly DemoLine[]): Promise<Map<string, string>> {
    const keys = new Map<string, string>();
    const waiting = lines.flatMap(({ slave_id, customers }) =>
      customers.map((customer) => ({ slave_id, customer }))
    );
    const total = waiting.length;
    await Deno.mkdir(`${this.#options.dataDir}/keys`, { recursive: true });
    const worker = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        this.#goOn();
        const input = enrolmentOf(next.customer, next.slave_id, this.#calendar);
        const { key_file } = await askOffice(world.broker, "meter-enrol", input) as Enrolled;
        const path = `${this.#options.dataDir}/keys/${next.customer.meter_id}.key.json`;
        await Deno.writeTextFile(path, JSON.stringify(key_file), { mode: 0o600 });
        keys.set(next.customer.meter_id, path);
        this.#progress.update(keys.size, total);
      }
    };
    await Promise.all(Array.from({ length: ENROL_AT_ONCE }, worker));
    return keys;
  }

  async #fillOutboxes(lines: readonly DemoLine[]): Promise<number> {
    let count = 0;
    for (const { slave_id, customers } of lines) {
      const store = await openStore(this.#slaveDir(slave_id));
      try {
        count += fillOutbox(store.outbox, this.#calendar, customers);
      } finally {
        store.close();
      }
    }
    return count;
  }

  #slaveDir(slave_id: string): string {
    return `${this.#options.dataDir}/slaves/${slave_id}`;
  }

  async #startSlaves(
    world: DemoWorld,
    lines: readonly DemoLine[],
    keys: ReadonlyMap<string, string>,
    first: DemoCustomer,
  ) {
    const { traces, observer } = traceReadings(first.meter_id);
    for (const { slave_id, meters } of lines) {
      const given: SlaveConfigurationInput = {
        slave_id,
        data_dir: this.#slaveDir(slave_id),
        meters: [...meters],
        time: { broker: true, poll_s: 1 },
        key_files: meters.map(({ meter_id }) => keys.get(meter_id)!),
      };
      const options = slave_id === "first" ? { observer } : {};
      const config = slaveConfiguration.parse(given);
      this.#started.push(await startSlave(config, world.broker, world.log, options));
    }
    return traces;
  }

  async #counts(world: DemoWorld): Promise<DemoCounts> {
    return await countsOf(world.billing.db, this.#calendar.period);
  }

  /** Waits until `look` gives `total`, with a bar; gives up after a minute without progress. */
  async #until(what: string, total: number, look: () => Promise<number>): Promise<void> {
    let best = -1;
    let moved_ms = performance.now();
    for (;;) {
      this.#goOn();
      const done = await look();
      this.#progress.update(done, total);
      if (done >= total) return this.#progress.end();
      if (done > best) [best, moved_ms] = [done, performance.now()];
      if (performance.now() - moved_ms > STAGE_MAX_MS) {
        throw new Failure(
          `${what}: ${done} of ${total} after ${STAGE_MAX_MS / 1_000} s without progress; ` +
            `see ${this.#options.dataDir}/demo.log`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
    }
  }

  async #tell(
    world: DemoWorld,
    first: DemoCustomer,
    traces: EdgeTraces,
    missing: string | null,
  ): Promise<void> {
    const { db } = world.billing;
    const elapsed_s = (performance.now() - this.#began_ms) / 1_000;
    const summary = await summaryOf(world, this.#calendar.period, elapsed_s);
    const bill = await billsPath(world, first.consumer_number);
    if (this.#options.json) {
      const firmware = missing === null ? "simulated ATmega328P" : `software: no ${missing}`;
      return console.log(JSON.stringify({ ...summary.json, firmware, bill }));
    }
    const meter = missing === null
      ? "the firmware on the simulated ATmega328P"
      : "a software meter";
    console.log(`\nOne reading, from ${meter} to the bill:`);
    const { meter_id, consumer_number } = first;
    const story = await tellStory(db, meter_id, consumer_number, traces, this.#paint);
    console.log(story.join("\n"));
    console.log(
      `\n${summary.text}\n\nThe bill: ${bill}\nThe log:  ${this.#options.dataDir}/demo.log`,
    );
  }
}

function enrolmentOf(
  customer: DemoCustomer,
  slave_id: string,
  calendar: DemoCalendar,
): EnrolInput {
  const { energy_wh, ...facts } = customer;
  return {
    ...facts,
    slave_id,
    opening_reading_wh: energy_wh(calendar.installed_ms),
    installed_at_ms: calendar.installed_ms,
  };
}
