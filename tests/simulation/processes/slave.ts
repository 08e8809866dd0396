/**
 * A slave of the world: the production actor over an outbox that survives its process. It stands in
 * for the host of `streams/edge`, which keeps the outbox in SQLite and speaks to a real meter.
 */
import type { Moment, SlaveEffect, SlaveMessage } from "../../../actors/slave/messages.ts";
import { faultsOf, receive } from "../../../actors/slave/slave.ts";
import { freshSlave, type SlaveState } from "../../../actors/slave/state.ts";
import { utf8 } from "../../../protocol/bytes.ts";
import type { Register } from "../../../protocol/messages/common.ts";
import type { Confirmation } from "../../../protocol/messages/confirm.ts";
import type { SessionReport } from "../../../protocol/messages/session.ts";
import { subjects } from "../../../protocol/subjects.ts";
import type { NatsBroker } from "../../../streams/jetstream/connection.ts";
import { jsonOf } from "../broker/connection.ts";
import type { Link } from "../link.ts";
import { metersOf, seal, START_MS } from "../meters.ts";
import type { Random } from "../random.ts";

const TICK_MS = 1_000;
const READ_FAILS = 0.02;

/** What a slave's disk holds: it outlives every process. */
export interface SlaveDisk {
  boot: number;
  /** By meter: moment to registers. */
  readonly outbox: Map<string, Map<number, Register[]>>;
  /** Moments of all readings ever: each start of a slave has a clock error of its own. */
  readonly moments: Set<string>;
}

export const freshDisk = (): SlaveDisk => ({ boot: 0, outbox: new Map(), moments: new Set() });

export interface SlaveParts {
  readonly id: string;
  readonly disk: SlaveDisk;
  readonly broker: NatsBroker;
  readonly link: Link;
  readonly random: Random;
  /** How far this slave's clock is off, in milliseconds. */
  readonly clockError_ms: number;
  readonly interval_s: number;
  /** Whether meters are still read: at the end of a world what is there is only carried home. */
  readonly reads: () => boolean;
  readonly onRead: (meter_id: string, registers: readonly Register[]) => void;
  readonly onConfirmed: (slaveId: string, confirmed: Confirmation["confirmed"]) => void;
}

export class SlaveProcess {
  readonly #parts: SlaveParts;
  readonly #state: SlaveState;
  readonly #boot: number;
  readonly #sequences = new Map<string, number>();
  readonly #inbox: SlaveMessage[] = [];
  #handling = false;

  constructor(parts: SlaveParts) {
    this.#parts = parts;
    this.#boot = parts.disk.boot += 1;
    this.#state = freshSlave({
      slave_id: parts.id,
      meters: metersOf(parts.id),
      interval_s: parts.interval_s,
      spread_s: 4,
      inFlight_max: 16,
      resendFirst_s: 4,
      resendMax_s: 12,
      heartbeat_s: 15,
    });
    for (const meter of metersOf(parts.id)) {
      if (!parts.disk.outbox.has(meter)) parts.disk.outbox.set(meter, new Map());
    }
  }

  start(): void {
    const { broker, link, id, onConfirmed } = this.#parts;
    broker.listen(subjects.confirm(id), (payload) => {
      const confirmation = jsonOf(payload) as Confirmation;
      onConfirmed(id, confirmation.confirmed);
      this.#dispatch({ type: "confirmation", boot: this.#boot, confirmation });
    });
    link.listen((up) => this.#dispatch({ type: "link", up }));
    this.#dispatch({ type: "started" });
    this.#dispatch({ type: "link", up: link.believed });
    this.#tick();
  }

  #tick(): void {
    this.#parts.link.process.after(TICK_MS, () => {
      this.#tick();
      this.#dispatch({ type: "tick" });
    });
  }

  get #utc_ms(): number {
    return START_MS + this.#parts.link.process.now_ms() + this.#parts.clockError_ms;
  }

  #moment(): Moment {
    const monotonic_s = this.#parts.link.process.now_ms() / 1_000;
    return { utc_ms: this.#utc_ms, monotonic_s, quality: 2, jitter: this.#parts.random.next() };
  }

  #dispatch(message: SlaveMessage): void {
    this.#inbox.push(message);
    if (this.#handling) return;
    this.#handling = true;
    for (let next = this.#inbox.shift(); next; next = this.#inbox.shift()) {
      for (const effect of receive(this.#state, next, this.#moment())) {
        if (!this.#parts.link.process.alive) return; // Died of the effect before.
        this.#perform(effect);
      }
    }
    this.#handling = false;
  }

  #perform(effect: SlaveEffect): void {
    const { disk } = this.#parts;
    switch (effect.effect) {
      case "read":
        return this.#read(effect.meter_id);
      case "load": {
        const { meter_id, limit, except } = effect;
        const read_at_ms = [...disk.outbox.get(meter_id)!.keys()]
          .filter((at_ms) => at_ms <= this.#utc_ms && !except.includes(at_ms))
          .sort((a, b) => a - b).slice(0, limit);
        const more = read_at_ms.length === limit;
        return this.#dispatch({ type: "loaded", meter_id, read_at_ms, more });
      }
      case "send":
        return this.#send(effect.key);
      case "delete":
        for (const { meter_id, read_at_ms } of effect.keys) {
          disk.outbox.get(meter_id)?.delete(read_at_ms);
        }
        return;
      case "report":
        return this.#report(effect.kind);
      default: // Words for people, and answers to commands that no world gives.
    }
  }

  #read(meter_id: string): void {
    const { link, random, disk, reads, onRead } = this.#parts;
    if (!reads()) return this.#dispatch({ type: "read_failed", meter_id, reason: "the end" });
    link.process.after(random.between(50, 400), () => {
      if (random.chance(READ_FAILS)) {
        return this.#dispatch({ type: "read_failed", meter_id, reason: "no answer" });
      }
      const read_at_ms = this.#freeMoment(meter_id);
      // A register that rises with time: a reading that is lost or changed cannot hide.
      const value = Math.floor(link.process.now_ms());
      const registers = [{ obis: "1-0:1.8.0", value, unit: "Wh", read_at_ms }];
      disk.outbox.get(meter_id)!.set(read_at_ms, registers);
      onRead(meter_id, registers);
      link.process.step()("before");
      link.process.deliver(() => this.#dispatch({ type: "stored", meter_id }));
    });
  }

  /** A reading is known by its meter and moment: two of them are kept a millisecond apart. */
  #freeMoment(meter_id: string): number {
    const { moments } = this.#parts.disk;
    let at_ms = Math.floor(this.#utc_ms);
    while (moments.has(`${meter_id} ${at_ms}`)) at_ms += 1;
    moments.add(`${meter_id} ${at_ms}`);
    return at_ms;
  }

  #send(key: { readonly meter_id: string; readonly read_at_ms: number }): void {
    const { disk, broker } = this.#parts;
    const registers = disk.outbox.get(key.meter_id)?.get(key.read_at_ms);
    if (registers === undefined) return this.#dispatch({ type: "gone", key });
    const sequence = (this.#sequences.get(key.meter_id) ?? 0) + 1;
    this.#sequences.set(key.meter_id, sequence);
    const { meter_id } = key;
    const at_ms = this.#utc_ms;
    const { frame, t_s } = seal({ meter_id, registers, at_ms, boot: this.#boot, sequence });
    this.#dispatch({ type: "sealed", key, sequence, t_s });
    broker.publish(subjects.frame(key.meter_id), frame).catch((error: Error) =>
      this.#dispatch({ type: "send_failed", key, reason: error.message })
    );
  }

  #report(kind: SessionReport["kind"]): void {
    const { id, disk, broker, clockError_ms } = this.#parts;
    const report: SessionReport = {
      kind,
      slave_id: id,
      at_ms: Math.floor(this.#utc_ms),
      boot: this.#boot,
      meters: this.#state.meters.size,
      outbox: [...disk.outbox.values()].reduce((sum, each) => sum + each.size, 0),
      clock: {
        ...{ quality: 2, offset_s: clockError_ms / 1_000, delay_s: 0.01, dispersion_s: 0.01 },
        ...{ stratum: 3, source: "samay.time" },
      },
      faults: faultsOf(this.#state),
    };
    broker.publish(subjects.session(id), utf8(JSON.stringify(report))).catch(() => {}); // The next tells the same.
  }
}
