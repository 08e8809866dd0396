/** The actor at work: messages go in one after the other, its effects are carried out in order. */
import type { Moment, ReadingKey, SlaveEffect, SlaveMessage } from "../../actors/slave/messages.ts";
import { faultsOf, receive } from "../../actors/slave/slave.ts";
import type { SlaveState } from "../../actors/slave/state.ts";
import { utf8 } from "../../protocol/bytes.ts";
import type { SessionReport } from "../../protocol/messages/session.ts";
import type { Readout } from "../../protocol/iec62056/readout.ts";
import { subjects } from "../../protocol/subjects.ts";
import type { NatsBroker } from "../jetstream/connection.ts";
import type { Log } from "../terminal/log.ts";
import type { Commands } from "./commands.ts";
import type { Reading } from "./outbox.ts";
import { rekeyMeter } from "./rekey.ts";
import { type SealedFrame, sealReading } from "./sender.ts";
import type { SlaveClock } from "./slave_clock.ts";
import type { Store } from "./store.ts";

/** For those who watch one reading on its way; must not throw. */
export interface SlaveObserver {
  read?(readout: Readout, reading: Reading): void;
  sealed?(reading: Reading, sealed: SealedFrame): void;
  confirmed?(keys: readonly ReadingKey[]): void;
}

export interface SessionParts {
  readonly state: SlaveState;
  readonly store: Store;
  readonly clock: Pick<SlaveClock, "now" | "monotonic_s" | "reason">;
  /** Whether frames tell `t mod 256`. */
  readonly hint: boolean;
  readonly log: Log;
  /** The broker while its link is up. */
  readonly broker: () => NatsBroker | undefined;
  readonly read: (meter_id: string) => Promise<{ readout: Readout; reading: Reading }>;
  readonly commands: Commands;
  readonly observer: SlaveObserver;
}

export class SlaveSession {
  readonly #parts: SessionParts;
  readonly #inbox: SlaveMessage[] = [];
  readonly #tasks = new Set<Promise<void>>();
  #handling = false;
  #closed = false;

  constructor(parts: SessionParts) {
    this.#parts = parts;
  }

  /** Gives `message` to the actor, behind those that wait already. */
  dispatch(message: SlaveMessage): void {
    if (this.#closed) return;
    this.#inbox.push(message);
    if (this.#handling) return;
    this.#handling = true;
    try {
      for (let next = this.#inbox.shift(); next; next = this.#inbox.shift()) {
        for (const effect of receive(this.#parts.state, next, this.#moment())) {
          this.#attempt(effect);
        }
      }
    } finally {
      this.#handling = false;
    }
  }

  /** Waits for all that is under way. Nothing is taken in afterwards. */
  async finish(): Promise<void> {
    while (this.#tasks.size > 0) await Promise.all(this.#tasks);
    this.#closed = true;
  }

  #moment(): Moment {
    const { clock } = this.#parts;
    const { at_ms, estimate } = clock.now();
    return {
      utc_ms: at_ms,
      monotonic_s: clock.monotonic_s(),
      quality: estimate.quality,
      jitter: Math.random(),
    };
  }

  /** A full disk or a broken file must not end the slave: what fails here is tried again later. */
  #attempt(effect: SlaveEffect): void {
    try {
      this.#perform(effect);
    } catch (error) {
      const reason = (error as Error).message;
      this.#parts.log.error("the store failed", { doing: effect.effect, reason });
      if (effect.effect !== "load") return;
      const { meter_id } = effect;
      this.dispatch({ type: "loaded", meter_id, read_at_ms: [], more: false });
    }
  }

  #perform(effect: SlaveEffect): void {
    const { store, commands, log, observer } = this.#parts;
    switch (effect.effect) {
      case "read":
        return this.#run(this.#read(effect.meter_id));
      case "load":
        return this.#load(effect);
      case "send":
        return this.#send(effect.key);
      case "delete":
        store.outbox.delete(effect.keys);
        return observer.confirmed?.(effect.keys);
      case "report":
        return this.#run(this.#report(effect));
      case "keep_interval":
        return store.keepInterval(effect.interval_s);
      case "rekey":
        return this.dispatch(rekeyMeter(store.keys, effect.command));
      case "command_done":
        return commands.done(effect.request_id, effect.outcome);
      case "say":
        return log[effect.level](effect.text);
    }
  }

  #run(task: Promise<void>): void {
    const tracked = task.finally(() => this.#tasks.delete(tracked));
    this.#tasks.add(tracked);
  }

  async #read(meter_id: string): Promise<void> {
    try {
      const { readout, reading } = await this.#parts.read(meter_id);
      this.#parts.observer.read?.(readout, reading);
      this.dispatch({ type: "stored", meter_id });
    } catch (error) {
      if (this.#parts.state.stopping) return;
      this.dispatch({ type: "read_failed", meter_id, reason: (error as Error).message });
    }
  }

  #load({ meter_id, limit, except }: Extract<SlaveEffect, { effect: "load" }>): void {
    const { store, clock } = this.#parts;
    const read_at_ms = store.outbox.moments(meter_id, clock.now().at_ms, limit, except);
    const more = read_at_ms.length === limit;
    this.dispatch({ type: "loaded", meter_id, read_at_ms, more });
  }

  #send(key: ReadingKey): void {
    const { store, clock, state, hint, observer } = this.#parts;
    const broker = this.#parts.broker();
    const { at_ms, estimate: { quality } } = clock.now();
    try {
      const reading = store.outbox.get(key);
      if (reading === undefined) return this.dispatch({ type: "gone", key });
      if (broker === undefined || quality === 0 || at_ms / 1_000 < state.lastSealed_s) {
        throw new Error("the link or the clock was lost in this moment");
      }
      const sealed = sealReading(store, reading, at_ms, quality, hint);
      state.lastSealed_s = Math.max(state.lastSealed_s, sealed.t_s);
      const published = broker.publish(sealed.subject, sealed.frame);
      this.dispatch({ type: "sealed", key, sequence: sealed.sequence, t_s: sealed.t_s });
      observer.sealed?.(reading, sealed);
      this.#run(published.then(() => undefined, (error) => this.#sendFailed(key, error)));
    } catch (error) {
      this.#sendFailed(key, error as Error);
    }
  }

  #sendFailed(key: ReadingKey, error: Error): void {
    this.dispatch({ type: "send_failed", key, reason: error.message });
  }

  async #report(effect: Extract<SlaveEffect, { effect: "report" }>): Promise<void> {
    const { kind, notices } = effect;
    const broker = this.#parts.broker();
    if (broker === undefined) return; // The next heartbeat tells the same.
    const report = this.#reportOf(effect);
    try {
      await broker.publish(subjects.session(report.slave_id), utf8(JSON.stringify(report)));
    } catch (error) {
      this.#parts.log.warn(`${kind} not taken by the broker`, { reason: (error as Error).message });
      return;
    }
    const last = notices.at(-1);
    if (last !== undefined) this.dispatch({ type: "reported", notice: last.number });
  }

  #reportOf(
    { kind, notices, unsynchronised_s }: Extract<SlaveEffect, { effect: "report" }>,
  ): SessionReport {
    const { state, store, clock } = this.#parts;
    const { at_ms, estimate } = clock.now();
    const { quality, offset_s, delay_s, dispersion_s, stratum, source } = estimate;
    return {
      kind,
      slave_id: state.settings.slave_id,
      at_ms: Math.max(0, Math.floor(at_ms)),
      boot: store.boot,
      meters: state.meters.size,
      outbox: store.outbox.count,
      clock: {
        quality,
        offset_s: source === null ? null : offset_s,
        delay_s,
        dispersion_s,
        stratum,
        source,
        reason: clock.reason(),
        unsynchronised_s,
      },
      faults: faultsOf(state),
      ...(notices.length > 0 ? { notices: [...notices] } : {}),
    };
  }
}
