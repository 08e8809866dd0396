/**
 * A world: a broker, a database, slaves, masters, ledgers and closers of bills, on virtual time, with
 * faults drawn from a seed. Everything that it does is a function of the seed.
 *
 * It runs the production actors, shards, leases, ownership, journal, inputs, snapshots, the ledger's
 * feed, loop and projection. It stands in for the NATS client with its publisher and its watches, for
 * the SQL of ledger and billing, for the slave's host with its SQLite and its clock, and for the
 * keyring: all meters are enrolled from the start and none is re-keyed. Its broker loses what it only
 * remembered, never what it acknowledged: a machine that loses its power is not in it.
 */
import type { Input } from "../../actors/shard/actor.ts";
import type { JournalRecord } from "../../protocol/messages/journal.ts";
import type { LedgerStore } from "../../streams/database/ledger_store.ts";
import type { NatsBroker } from "../../streams/jetstream/connection.ts";
import type { ShardPorts } from "../../streams/masters/ports.ts";
import { WorldBroker } from "./broker/broker.ts";
import { jsonOf } from "./broker/connection.ts";
import type { Stored } from "./broker/stream.ts";
import { DISK_MS, startChaos } from "./chaos.ts";
import type { Checker, Evidence, Journaled } from "./checkers/checker.ts";
import { ledgerOver, WorldDatabase } from "./database.ts";
import type { Link, Weather } from "./link.ts";
import { SLAVES, START_MS } from "./meters.ts";
import { startCloser } from "./processes/closer.ts";
import { startLedger } from "./processes/ledger.ts";
import { startMaster, TOGETHER } from "./processes/master.ts";
import { freshDisk, type SlaveDisk, SlaveProcess } from "./processes/slave.ts";
import { Random } from "./random.ts";
import { type Begin, Role } from "./role.ts";
import { Schedule } from "./schedule.ts";
import { Story } from "./story.ts";

/** How long faults go on. */
const FAULTS_MS = 80_000;
const MASTERS = 3;
const LEDGERS = 2;
const CLOSERS = 2;
/** Frames that somebody records and plays again, and within which time: the window is 10 s. */
const REPLAYED = 0.08;
const REPLAYED_WITHIN_MS = 11_000;

/** What takes a mechanism out: it changes the ports of a process, never the code under test. */
export interface Sabotage {
  readonly ports?: (ports: ShardPorts, broker: NatsBroker, world: World) => ShardPorts;
  readonly store?: (store: LedgerStore, link: Link, world: World) => LedgerStore;
  readonly broker?: (broker: WorldBroker) => void;
  readonly database?: (database: WorldDatabase) => void;
}

export class World {
  readonly seed: number;
  readonly story: Story;
  readonly schedule: Schedule;
  readonly broker: WorldBroker;
  readonly database: WorldDatabase;
  readonly weather: Weather;
  readonly masters: readonly Role[];
  readonly ledgers: readonly Role[];
  readonly slaves: readonly Role[];
  readonly closers: readonly Role[];
  readonly faultsEnd_ms = FAULTS_MS;
  /** The first thing that may not be. */
  fault: Error | undefined;
  readonly #checkers: readonly Checker[];
  readonly #sabotage: Sabotage;
  readonly #disks = new Map<string, SlaveDisk>(SLAVES.map((id) => [id, freshDisk()]));
  readonly #journal: Journaled[] = [];
  readonly #inputs = new Map<string, Input[]>();
  readonly #dead = new Map<string, Set<number>>();
  /** Whether masters read their partitions with one consumer, or each with its own. */
  readonly #together: boolean;
  #diceThrown = 0;

  constructor(seed: number, checkers: readonly Checker[], told: boolean, sabotage: Sabotage = {}) {
    this.seed = seed;
    this.#checkers = checkers;
    this.#sabotage = sabotage;
    this.#together = new Random(seed, "together").chance(0.5);
    this.story = new Story(told);
    this.schedule = new Schedule(this.dice("order"));
    this.broker = new WorldBroker(this.schedule, this.dice("broker"), START_MS);
    this.database = new WorldDatabase(this.dice("database"));
    const weather = this.dice("weather");
    this.weather = { loss: weather.pick([0, 0.002, 0.01, 0.04]), late: weather.chance(0.5) };
    this.broker.onStored = (stream, message) => this.#stored(stream, message);
    this.database.onCommit = (commit) => this.#judge((checker) => checker.committed?.(commit));
    this.database.billing.onInvoice = () =>
      this.#judge((checker) => checker.billed?.(this.database.billing.invoices));
    sabotage.broker?.(this.broker);
    sabotage.database?.(this.database);
    const roles = (name: string, count: number, begin: Begin) =>
      Array.from({ length: count }, (_, i) => new Role(`${name}${i + 1}`, this, begin));
    this.masters = roles("master", MASTERS, (place) => this.#startMaster(place));
    this.ledgers = roles("ledger", LEDGERS, (place) => this.#startLedger(place));
    this.closers = roles("closer", CLOSERS, (place) => this.#startCloser(place));
    this.slaves = SLAVES.map((id) => new Role(id, this, (place) => this.#startSlave(id, place)));
  }

  /** Independent dice for one purpose; those asked for in the same order are the same. */
  dice(label: string): Random {
    return new Random(this.seed, `${label} ${this.#diceThrown++}`);
  }

  say(who: string, what: string): void {
    this.story.tell(this.schedule.now_ms, who, what);
  }

  /** A process failed in a way that no port could have made it: the program is wrong. */
  broken(error: Error): void {
    this.fault ??= error;
  }

  get #everybody(): Role[] {
    return [...this.masters, ...this.ledgers, ...this.slaves, ...this.closers];
  }

  /** Lets the world live: faults, then calm until nothing waits or `patience_ms` are over. */
  async live(patience_ms: number, atRest: (evidence: Evidence) => boolean): Promise<void> {
    const random = this.dice("start");
    for (const role of this.#everybody) {
      this.schedule.after(random.between(0, 4_000), () => role.start());
    }
    startChaos(this);
    this.schedule.after(FAULTS_MS, () => this.#calm());
    await this.schedule.run(FAULTS_MS + 1, () => this.fault !== undefined);
    const end_ms = FAULTS_MS + patience_ms;
    let resting = false;
    const look = () => {
      resting = atRest(this.evidence());
      if (!resting) this.schedule.after(250, look);
    };
    this.schedule.after(1_000, look);
    await this.schedule.run(end_ms, () => resting || this.fault !== undefined);
    this.#judge((checker) => this.fault ?? checker.atRest?.(this.evidence()));
  }

  #calm(): void {
    this.say("world", "no more faults");
    Object.assign(this.weather, { loss: 0, late: false });
    for (const server of [this.broker, this.database]) {
      server.disk_ms = DISK_MS;
      if (!server.up) server.restart();
    }
    for (const role of this.#everybody) {
      role.process?.spare();
      role.process?.resume();
      role.link?.mend();
      role.start();
    }
  }

  evidence(): Evidence {
    let waiting = 0;
    for (const { outbox } of this.#disks.values()) {
      for (const readings of outbox.values()) waiting += readings.size;
    }
    return {
      ...{ journal: this.#journal, inputs: this.#inputs, dead: this.#dead, waiting },
      rows: this.database.readings,
      ledgerCursor: this.database.cursor,
    };
  }

  #judge(ask: (checker: Checker) => void): void {
    try {
      for (const checker of this.#checkers) ask(checker);
    } catch (error) {
      this.fault ??= error as Error;
    }
  }

  #stored(stream: string, message: Stored): void {
    const { subject, sequence, payload, messageId } = message;
    const [, , token = "", id = ""] = subject.split(".");
    if (this.story.told) this.say("broker", `stores ${stream} ${sequence} ${subject} ${messageId}`);
    if (stream === "JOURNAL") {
      const entry = { sequence, subject, record: jsonOf(payload) as JournalRecord };
      this.#journal.push(entry);
      this.#judge((checker) => checker.journaled?.(entry));
    } else if (stream === "DEAD") {
      const [from = "", dead = ""] = messageId.split("-");
      const list = this.#dead.get(from) ?? new Set();
      this.#dead.set(from, list.add(Number(dead)));
    } else if (stream === "FRAMES" || stream === "SESSIONS") {
      const journal = `samay.journal.${stream === "FRAMES" ? "meter" : "session"}.${token}`;
      const list = this.#inputs.get(journal) ?? [];
      const arrival_ms = Math.floor(Math.round((START_MS + message.stored_ms) * 1_000) / 1_000);
      list.push({ sequence, id, payload, arrival_ms });
      this.#inputs.set(journal, list);
      if (stream === "FRAMES") this.#perhapsReplay(subject, payload);
    }
  }

  readonly #thief = this.dice("thief");

  #perhapsReplay(subject: string, payload: Uint8Array): void {
    if (this.schedule.now_ms >= FAULTS_MS || !this.#thief.chance(REPLAYED)) return;
    this.schedule.after(this.#thief.between(1, REPLAYED_WITHIN_MS), () => {
      if (!this.broker.up) return;
      this.say("thief", `plays a recorded frame again: ${subject}`);
      this.broker.publish(subject, payload);
    });
  }

  #startMaster({ broker, instance, log }: Parameters<Begin>[0]) {
    const { ports: change } = this.#sabotage;
    const sharing = this.#together ? TOGETHER : {};
    const spoil = (ports: ShardPorts) => change?.(ports, broker, this) ?? ports;
    return startMaster(broker, instance, log, sharing, spoil);
  }

  #startLedger({ broker, databaseLink, log }: Parameters<Begin>[0]) {
    const store = ledgerOver(this.database, databaseLink);
    return startLedger(broker, this.#sabotage.store?.(store, databaseLink, this) ?? store, log);
  }

  #startCloser({ databaseLink }: Parameters<Begin>[0]) {
    startCloser({ database: this.database, link: databaseLink, random: this.dice("closer") });
    return Promise.resolve(undefined);
  }

  #startSlave(id: string, { broker, link }: Parameters<Begin>[0]) {
    const random = this.dice(id);
    const slave = new SlaveProcess({
      ...{ id, broker, link, random, disk: this.#disks.get(id)!, interval_s: 5 },
      clockError_ms: random.between(-1_500, 1_500),
      reads: () => this.schedule.now_ms < FAULTS_MS,
      onRead: (meter_id, registers) =>
        this.#judge((checker) => checker.read?.(meter_id, registers)),
      onConfirmed: (slaveId, keys) => this.#judge((checker) => checker.confirmed?.(slaveId, keys)),
    });
    slave.start();
    return Promise.resolve(undefined);
  }
}
