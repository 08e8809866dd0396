/** Generations of a meter's key as a head-end has them, and the commands that bring them. */
import { fromHex } from "../../../protocol/bytes.ts";
import type { RekeyCommand } from "../../../protocol/messages/command.ts";
import type { SlaveKeyFile } from "../../../protocol/messages/enrolment.ts";
import { HeadEndKeys } from "../../../protocol/tves/keys.ts";
import { wrapRekey } from "../../../protocol/tves/rekey.ts";
import { keyFileOf } from "./head_end.ts";

/** Generation `generation` of `meter_id`, each with a key of its own. */
export function generationOf(meter_id: string, generation: number): SlaveKeyFile {
  const file = keyFileOf(meter_id, 7, generation);
  const first = ((generation * 37) & 0xff).toString(16).padStart(2, "0");
  return generation === 0 ? file : { ...file, key: first + file.key.slice(2) };
}

export function headEndKeys(file: SlaveKeyFile): HeadEndKeys {
  const { generation, enrolment_day, meter_id } = file;
  const key = fromHex(file.key);
  return new HeadEndKeys({ key, generation, enrolmentDay: enrolment_day, meterId: meter_id });
}

/**
 * The command that brings `generation` to a slave that has the one before, wrapped at `t_s`. Its chain
 * begins `later_days` later than `generationOf` says.
 */
export function commandFor(
  meter_id: string,
  generation: number,
  t_s: number,
  changes: Partial<RekeyCommand> = {},
  later_days = 0,
): RekeyCommand {
  const under = generationOf(meter_id, generation - 1);
  const { alias, key, ...file } = generationOf(meter_id, generation);
  const enrolment_day = file.enrolment_day + later_days;
  const hour = Math.floor(t_s / 3_600);
  const wrapped_key = wrapRekey({
    hourKey: headEndKeys(under).hourKey(hour)!,
    key: fromHex(key),
    nonce: crypto.getRandomValues(new Uint8Array(12)),
    ...{ meterId: meter_id, alias, generation, hour, enrolmentDay: enrolment_day },
    underGeneration: under.generation,
  });
  return {
    ...{ command: "rekey", request_id: `r${generation}`, meter_id, alias, generation, hour },
    ...{ enrolment_day, under_generation: under.generation, wrapped_key },
    ...changes,
  };
}
