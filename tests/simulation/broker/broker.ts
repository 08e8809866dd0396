/**
 * The broker of the world: streams and buckets that survive its crashes, consumers and watches that
 * do not. Processes speak to it over their links alone.
 */
import type { PublishAck, PublishOptions } from "../../../streams/jetstream/broker.ts";
import type { Link, Server } from "../link.ts";
import type { Random } from "../random.ts";
import type { Schedule } from "../schedule.ts";
import { Buckets } from "./bucket.ts";
import { Consumer, type Pull, status } from "./consumer.ts";
import { matches, type Stored, Stream } from "./stream.ts";

const STREAMS: Readonly<Record<string, string>> = {
  frame: "FRAMES",
  session: "SESSIONS",
  journal: "JOURNAL",
  event: "EVENTS",
  command: "COMMANDS",
  dead: "DEAD",
};

/** How often a crash costs the memory of message ids too: more than any server is known to do. */
const FORGETS_IDS = 0.3;

export interface Ear {
  readonly subject: string;
  readonly link: Link;
  readonly hear: (payload: Uint8Array, subject: string) => void;
}

export class WorldBroker implements Server {
  readonly streams = new Map<string, Stream>();
  readonly buckets = new Buckets();
  readonly ears = new Set<Ear>();
  readonly links = new Set<Link>();
  /** Sees each message that was stored, before anybody else does. */
  onStored = (_stream: string, _message: Stored) => {};
  up = true;
  life = 0;
  /** Longest time that a write takes; more while the disk is slow. */
  disk_ms = 1;
  readonly #consumers = new Map<string, Consumer>();
  readonly #schedule: Schedule;
  readonly #random: Random;
  readonly #start_ms: number;

  constructor(schedule: Schedule, random: Random, start_ms: number) {
    this.#schedule = schedule;
    this.#random = random;
    this.#start_ms = start_ms;
    const fenceFirst = random.chance(0.5);
    for (const name of Object.values(STREAMS)) this.streams.set(name, new Stream(name, fenceFirst));
  }

  workTime(): number {
    return this.#random.between(0, this.disk_ms);
  }

  stream(name: string): Stream {
    const stream = this.streams.get(name);
    if (stream === undefined) throw new Error(`The world has no stream ${name}`);
    return stream;
  }

  publish(subject: string, payload: Uint8Array, options: PublishOptions = {}): PublishAck {
    const stream = this.stream(STREAMS[subject.split(".")[1]!] ?? subject);
    const { stored, ...ack } = stream.append(subject, payload, options, this.#schedule.now_ms);
    if (stored !== undefined) {
      this.onStored(stream.name, stored);
      for (const consumer of this.#consumers.values()) consumer.feed();
    }
    return ack;
  }

  /** A core message to whoever listens just now; now and then one comes twice. */
  tell(subject: string, payload: Uint8Array): void {
    for (const ear of this.ears) {
      if (!matches(ear.subject, subject)) continue;
      const times = this.#random.chance(0.02) ? 2 : 1;
      for (let i = 0; i < times; i++) ear.link.toClient(() => ear.hear(payload, subject));
    }
  }

  addConsumer(streamName: string, name: string, filter: string, from: number): void {
    const stream = this.stream(streamName);
    const consumer = new Consumer(name, stream, filter, from, this.#schedule, this.#start_ms);
    this.deleteConsumer(streamName, name);
    this.#consumers.set(`${streamName}.${name}`, consumer);
  }

  deleteConsumer(stream: string, name: string): void {
    const key = `${stream}.${name}`;
    const consumer = this.#consumers.get(key);
    if (consumer === undefined) return;
    consumer.gone = true;
    this.#consumers.delete(key);
  }

  pull(stream: string, name: string, pull: Pull): void {
    const consumer = this.#consumers.get(`${stream}.${name}`);
    if (consumer === undefined) return pull.send(status(503, "No Responders"));
    consumer.pull(pull);
  }

  /** SIGKILL: what it acknowledged stands on its disk, what it only remembered is gone. */
  crash(): void {
    this.up = false;
    this.life += 1;
    for (const consumer of this.#consumers.values()) consumer.gone = true;
    this.#consumers.clear();
    this.buckets.forgetWatches();
    if (this.#random.chance(FORGETS_IDS)) {
      for (const stream of this.streams.values()) stream.forgetIds();
    }
    for (const link of this.links) link.reset();
  }

  restart(): void {
    this.up = true;
    for (const link of this.links) link.reconnect();
  }
}
