/** Carries out a re-key: the store switches, and the actor hears what came of it. */
import type { SlaveMessage } from "../../actors/slave/messages.ts";
import type { RekeyCommand } from "../../protocol/messages/command.ts";
import { type MeterKeys, StaleError } from "./meter_keys.ts";

/**
 * What to tell the actor. A store that fails says so too: the command is done with, the old key goes
 * on, and the head-end asks again.
 */
export function rekeyMeter(
  keys: MeterKeys,
  command: RekeyCommand,
): Extract<SlaveMessage, { type: "rekeyed" }> {
  try {
    return { type: "rekeyed", command, outcome: "done", generation: keys.rekey(command) };
  } catch (error) {
    const outcome = error instanceof StaleError ? "expired" : "failed";
    const { generation } = command;
    return { type: "rekeyed", command, outcome, generation, reason: (error as Error).message };
  }
}
