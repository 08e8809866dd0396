/** A role that is started again and again, each time as a new process with links of its own. */
import type { NatsBroker } from "../../streams/jetstream/connection.ts";
import type { Log } from "../../streams/terminal/log.ts";
import { connectionOf } from "./broker/connection.ts";
import { Link } from "./link.ts";
import { Process } from "./process.ts";
import type { World } from "./world.ts";

/** What a role's process is given. */
export interface Place {
  /** Name of this start: no other start of any role shares it. */
  readonly instance: string;
  readonly process: Process;
  readonly link: Link;
  readonly broker: NatsBroker;
  readonly databaseLink: Link;
  readonly log: Log;
}

/** Begins the role; what comes back hands over and ends it, where it can. */
export type Begin = (place: Place) => Promise<{ stop(): Promise<void> } | undefined>;

export class Role {
  readonly name: string;
  readonly #world: World;
  readonly #begin: Begin;
  #starts = 0;
  #running: { stop(): Promise<void> } | undefined;
  process: Process | undefined;
  link: Link | undefined;

  constructor(name: string, world: World, begin: Begin) {
    this.name = name;
    this.#world = world;
    this.#begin = begin;
  }

  get up(): boolean {
    return this.process?.alive ?? false;
  }

  start(): void {
    if (this.up) return;
    const { schedule, broker, database, story, weather } = this.#world;
    const instance = `${this.name}-${++this.#starts}`;
    const process = new Process(instance, schedule);
    const linkTo = (server: typeof broker | typeof database) => {
      const link = new Link(process, server, schedule, this.#world.dice("link"), weather);
      server.links.add(link);
      return link;
    };
    const [link, databaseLink] = [linkTo(broker), linkTo(database)];
    this.process = process;
    this.link = link;
    process.onDeath = () => {
      this.#running = undefined;
      broker.links.delete(link);
      database.links.delete(databaseLink);
      for (const ear of broker.ears) if (ear.link === link) broker.ears.delete(ear);
      this.#say("dies");
    };
    this.#say("starts");
    const log = logInto(story, schedule, instance);
    const place: Place = {
      ...{ instance, process, link, databaseLink, log, broker: connectionOf(broker, link) },
    };
    this.#begin(place).then(
      (running) => {
        if (this.process === process && process.alive) this.#running = running;
      },
      (error) => this.#world.broken(error),
    );
  }

  kill(): void {
    this.process?.kill();
  }

  /** Lets the role hand over, and ends its process. */
  leave(): void {
    const { process } = this;
    if (!this.up || process!.paused) return;
    this.#say("is told to stop");
    this.#running?.stop().then(() => process!.kill(), (error) => this.#world.broken(error));
  }

  #say(what: string): void {
    const { story, schedule } = this.#world;
    story.tell(schedule.now_ms, this.process?.name ?? this.name, what);
  }
}

function logInto(story: World["story"], schedule: World["schedule"], instance: string): Log {
  const say = (message: string, fields: object = {}) => {
    if (!story.told) return;
    // Consumers have names of chance, which no decision depends on.
    const told = JSON.stringify(fields).replaceAll(/-[0-9a-f]{8}(?=[-"])/g, "-*");
    story.tell(schedule.now_ms, instance, `${message} ${told}`);
  };
  return { info: say, warn: say, error: say };
}
