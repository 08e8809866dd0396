/**
 * A running slave: lines, store, clock and broker around the actor that decides. It works for days
 * without a broker: meters are read, the outbox grows, and all of it goes out when the link is back.
 */
import { freshSlave, type SlaveState } from "../../actors/slave/state.ts";
import { faultsOf } from "../../actors/slave/slave.ts";
import { confirmation } from "../../protocol/messages/confirm.ts";
import type { ClockEstimate } from "../../protocol/ntp/discipline.ts";
import { parseJson } from "../../protocol/schema.ts";
import { subjects } from "../../protocol/subjects.ts";
import type { Stoppable } from "../jetstream/broker.ts";
import type { NatsBroker } from "../jetstream/connection.ts";
import { ensureSlaveConsumer } from "../jetstream/topology.ts";
import type { Log } from "../terminal/log.ts";
import { type LocalClock, startLocalClock } from "../time/local_clock.ts";
import { sleep } from "../time/sleep.ts";
import type { TimeSync, TimeSyncOptions } from "../time/time_sync.ts";
import { AwakeClock, machineUptime_s } from "./awake_clock.ts";
import { timeSources } from "./clock_sources.ts";
import { Commands, COMMANDS_AT_ONCE } from "./commands.ts";
import type { SlaveConfiguration } from "./configuration.ts";
import { OutboxDating } from "./date_outbox.ts";
import { takeKeyFile } from "./key_file.ts";
import { watchLink } from "./link.ts";
import { MeterLines, type ReadMeter } from "./meter_lines.ts";
import { readIntoOutbox } from "./read_task.ts";
import { type SlaveObserver, SlaveSession } from "./session.ts";
import { SlaveClock } from "./slave_clock.ts";
import { openStore, type Store } from "./store.ts";
import { Upkeep } from "./upkeep.ts";

export type { SlaveObserver } from "./session.ts";

/** How often the actor looks at its clocks. */
const TICK_MS = 200;
/** Pause before the broker is asked for the command consumer again. */
const COMMANDS_RETRY_MS = 2_000;

export interface SlaveOptions {
  readonly observer?: SlaveObserver;
  /** The clock to correct; the system's, once, if not given. */
  readonly clock?: LocalClock;
  readonly read?: ReadMeter;
  /** Seconds since the machine started; undefined where that cannot be known. */
  readonly uptime_s?: () => number | undefined;
  /** What follows the time servers, if not `startTimeSync`. */
  readonly follow?: (options: TimeSyncOptions) => TimeSync;
}

export interface SlaveStatus {
  readonly boot: number;
  readonly outbox: number;
  readonly linkUp: boolean;
  readonly clock: ClockEstimate;
  readonly faults: readonly { readonly meter_id: string; readonly reason: string }[];
}

export interface RunningSlave {
  readonly slave_id: string;
  status(): SlaveStatus;
  /** Ends readings under way, says goodbye, and closes the store. The broker stays open. */
  stop(): Promise<void>;
}

/**
 * Starts the slave of `config`. `broker` may be a connection that is still being made: readings go on
 * meanwhile. Throws `TerminalError` when the store or a key file cannot be used.
 */
export async function startSlave(
  config: SlaveConfiguration,
  broker: NatsBroker | Promise<NatsBroker>,
  log: Log,
  options: SlaveOptions = {},
): Promise<RunningSlave> {
  const store = await openStore(config.data_dir, config.outbox_limit, async (keys) => {
    for (const file of config.key_files) await takeKeyFile(file, config.slave_id, keys, log);
  });
  return new Slave(config, store, broker, log, options);
}

function stateOf(config: SlaveConfiguration, store: Store): SlaveState {
  return freshSlave({
    slave_id: config.slave_id,
    meters: config.meters.map((meter) => meter.meter_id),
    interval_s: store.interval_s() ?? config.interval_s,
    spread_s: config.spread_s,
    inFlight_max: config.in_flight,
    resendFirst_s: config.resend_first_s,
    resendMax_s: config.resend_max_s,
    heartbeat_s: config.heartbeat_s,
  });
}

class Slave implements RunningSlave {
  readonly slave_id: string;
  readonly #store: Store;
  readonly #log: Log;
  readonly #state: SlaveState;
  readonly #clock: SlaveClock;
  readonly #dating: OutboxDating;
  readonly #upkeep: Upkeep;
  readonly #session: SlaveSession;
  readonly #commands: Commands;
  readonly #link: { stop(): void };
  readonly #stopping = new AbortController();
  readonly #ticker: ReturnType<typeof setInterval>;
  #broker: NatsBroker | undefined;
  #listening: Stoppable | undefined;
  #working: Promise<Stoppable | undefined> | undefined;

  constructor(
    config: SlaveConfiguration,
    store: Store,
    broker: NatsBroker | Promise<NatsBroker>,
    log: Log,
    options: SlaveOptions,
  ) {
    const { slave_id, meters, time } = config;
    const uptime_s = options.uptime_s ?? machineUptime_s;
    const clock = new AwakeClock(options.clock ?? startLocalClock(), uptime_s);
    const local_ms = () => Number(clock.now_ns() / 1_000_000n);
    store.starts.note(local_ms(), uptime_s());
    this.#upkeep = new Upkeep(store, log, () => store.starts.seen(local_ms(), uptime_s()));
    if (uptime_s() === undefined) {
      log.info("a suspend of this machine is noticed late: its uptime may not be asked", {
        permission: "--allow-sys=osUptime",
      });
    }
    this.slave_id = slave_id;
    this.#store = store;
    this.#log = log;
    this.#state = stateOf(config, store);
    this.#commands = new Commands((command) =>
      this.#session.dispatch({ type: "command", command })
    );
    const linked = () => this.#state.linkUp ? this.#broker : undefined;
    const slaveClock = this.#clock = new SlaveClock({
      clock,
      log,
      poll_s: time.poll_s,
      sources: timeSources(time, clock, linked),
      ...(options.follow ? { follow: options.follow } : {}),
      onAdopted: (estimate) => this.#clockKnown(estimate),
      onStepRefused: (server, step_s) =>
        this.#session.dispatch({ type: "step_refused", server, step_s }),
    });
    this.#dating = new OutboxDating({
      ...{ store, log, signal: this.#stopping.signal },
      goOn: () => {
        const { quality, doubted } = slaveClock.readClock();
        return quality !== 0 && !doubted;
      },
      onDated: () => this.#session.dispatch({ type: "dated" }),
    });
    const lines = new MeterLines(config.lines_at_once, this.#stopping.signal, options.read);
    const meterOf = new Map(meters.map((meter) => [meter.meter_id, meter]));
    this.#session = new SlaveSession({
      state: this.#state,
      store,
      clock: slaveClock,
      hint: config.hint,
      log,
      broker: linked,
      read: (meter_id) => readIntoOutbox(meterOf.get(meter_id)!, lines, store, slaveClock),
      commands: this.#commands,
      observer: options.observer ?? {},
    });
    this.#link = watchLink(
      broker,
      (up, connected) => this.#linkChanged(up, connected),
      (error) => log.error("no broker: readings are kept", { reason: error.message }),
    );
    this.#ticker = setInterval(() => this.#tick(), TICK_MS);
    log.info("slave runs", {
      slave: slave_id,
      boot: store.boot,
      meters: meters.length,
      outbox: store.outbox.count,
      interval_s: this.#state.interval_s,
    });
  }

  status(): SlaveStatus {
    return {
      boot: this.#store.boot,
      outbox: this.#store.outbox.count,
      linkUp: this.#state.linkUp,
      clock: this.#clock.now().estimate,
      faults: faultsOf(this.#state),
    };
  }

  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    clearInterval(this.#ticker);
    this.#session.dispatch({ type: "stopping" });
    this.#stopping.abort(new Error("the slave stops"));
    this.#commands.stop();
    await (await this.#working)?.stop();
    await this.#listening?.stop();
    await this.#clock.stop();
    await this.#session.finish();
    await this.#dating.finish();
    this.#link.stop();
    this.#store.close();
    this.#log.info("slave stopped", { slave: this.slave_id, boot: this.#store.boot });
  }

  #tick(): void {
    this.#keepUp();
    this.#session.dispatch({ type: "tick" });
  }

  #keepUp(): void {
    const { at_ms, estimate: { quality } } = this.#clock.now();
    this.#upkeep.tick({ at_ms, quality, monotonic_s: this.#clock.monotonic_s() });
  }

  #clockKnown(estimate: ClockEstimate): void {
    if (estimate.quality === 0) return;
    this.#keepUp(); // Before the actor hears of it: whether a new key is of the future is known then.
    const { at_ms } = this.#clock.now();
    const started_ms = at_ms - this.#clock.monotonic_s() * 1_000;
    this.#dating.begin({ offset_ms: estimate.offset_s * 1_000, started_ms, at_ms });
    this.#tick();
  }

  #linkChanged(up: boolean, broker: NatsBroker): void {
    const first = this.#broker === undefined;
    this.#broker = broker;
    if (first) {
      this.#listening = broker.listen(subjects.confirm(this.slave_id), (payload) => {
        this.#confirm(payload);
      });
      this.#working = this.#work(broker);
    }
    this.#session.dispatch({ type: "link", up });
    if (first) this.#session.dispatch({ type: "started" });
  }

  #confirm(payload: Uint8Array): void {
    try {
      const text = new TextDecoder().decode(payload);
      const message = parseJson(confirmation, text, "Confirmation");
      this.#session.dispatch({
        type: "confirmation",
        boot: this.#store.boot,
        confirmation: message,
      });
    } catch (error) {
      this.#log.warn("confirmation not understood", { reason: (error as Error).message });
    }
  }

  /** Takes commands as soon as the broker has the consumer for them. */
  async #work(broker: NatsBroker): Promise<Stoppable | undefined> {
    const { signal } = this.#stopping;
    for (let said = false; !signal.aborted;) {
      try {
        const consumer = await ensureSlaveConsumer(broker, this.slave_id);
        if (signal.aborted) return undefined;
        return await broker.work(
          { stream: "COMMANDS", consumer, concurrency: COMMANDS_AT_ONCE },
          this.#commands.handle,
        );
      } catch (error) {
        if (!said) this.#log.warn("no commands yet", { reason: (error as Error).message });
        said = true;
        await sleep(COMMANDS_RETRY_MS, signal);
      }
    }
    return undefined;
  }
}
