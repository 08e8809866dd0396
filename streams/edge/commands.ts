/** Commands of the head-end, from the stream to the actor; acknowledged once they are done with. */
import { RetryableError, TerminalError } from "../../protocol/errors.ts";
import { type Command, command as commandSchema } from "../../protocol/messages/command.ts";
import { parseJson } from "../../protocol/schema.ts";
import type { SlaveEffect } from "../../actors/slave/messages.ts";
import type { WorkHandler } from "../jetstream/broker.ts";

type Outcome = Extract<SlaveEffect, { effect: "command_done" }>["outcome"] | "stopped";

/** Commands that are under way at the same time: meters behind one line take their turns. */
export const COMMANDS_AT_ONCE = 256;
/** Outcomes that are remembered, for commands that are delivered again. */
const REMEMBERED_MAX = 1_024;
/**
 * A command is acknowledged when its reading is stored, so that it survives the slave's death. One
 * that takes longer than this is handed back, and joins its first delivery when it comes again.
 */
const PATIENCE_MS = 50_000;

export class Commands {
  readonly #obey: (command: Command) => void;
  readonly #outcomes = new Map<string, Promise<Outcome>>();
  readonly #waiting = new Map<string, (outcome: Outcome) => void>();

  /** `obey` gives a command to the actor. */
  constructor(obey: (command: Command) => void) {
    this.#obey = obey;
  }

  readonly handle: WorkHandler = async ({ payload, sequence }) => {
    const what = `Command ${sequence}`;
    const command = parseJson(commandSchema, new TextDecoder().decode(payload), what);
    const outcome = await this.#outcomeOf(command);
    if (outcome === "stopped") throw new RetryableError(`${what}: the slave stops`, 0);
    if (outcome === "unknown_meter" && command.command !== "schedule") {
      throw new TerminalError(`${what}: meter ${command.meter_id} is not on this slave`);
    }
  };

  /** The actor is done with `request_id`. */
  done(request_id: string, outcome: Outcome): void {
    this.#waiting.get(request_id)?.(outcome);
    this.#waiting.delete(request_id);
  }

  async #outcomeOf(command: Command): Promise<Outcome> {
    const { request_id } = command;
    let outcome = this.#outcomes.get(request_id);
    if (outcome === undefined) {
      const { promise, resolve } = Promise.withResolvers<Outcome>();
      outcome = promise;
      this.#outcomes.set(request_id, promise);
      this.#waiting.set(request_id, resolve);
      this.#forgetOldest();
      this.#obey(command);
    }
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new RetryableError(`Command ${request_id} is still under way`, 1_000)),
        PATIENCE_MS,
      );
    });
    return await Promise.race([outcome, late]).finally(() => clearTimeout(timer));
  }

  /** Lets go of those that wait: the process ends, and the broker delivers them again. */
  stop(): void {
    for (const resolve of this.#waiting.values()) resolve("stopped");
    this.#waiting.clear();
  }

  #forgetOldest(): void {
    for (const request_id of this.#outcomes.keys()) {
      if (this.#outcomes.size <= REMEMBERED_MAX) return;
      if (!this.#waiting.has(request_id)) this.#outcomes.delete(request_id);
    }
  }
}
