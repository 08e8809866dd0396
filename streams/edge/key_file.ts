/** Key files: carried to the slave once, taken in, and erased. */
import { TerminalError } from "../../protocol/errors.ts";
import { slaveKeyFile } from "../../protocol/messages/enrolment.ts";
import { parseJson } from "../../protocol/schema.ts";
import type { Log } from "../terminal/log.ts";
import type { MeterKeys } from "./meter_keys.ts";

/**
 * Takes in the key file at `path` and deletes it, and says so. A file that is not there was taken in
 * before: that is no fault. Throws `TerminalError` for one that cannot be read, is malformed, or is
 * meant for another slave.
 */
export async function takeKeyFile(
  path: string,
  slaveId: string,
  keys: MeterKeys,
  log: Log,
): Promise<void> {
  let bytes: Uint8Array;
  try {
    bytes = await Deno.readFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return;
    throw new TerminalError(`Key file ${path} cannot be read: ${(error as Error).message}`);
  }
  // Killed between the two halves of `eraseFile`: it was taken in, and only zeroes are left of it.
  if (bytes.length > 0 && bytes.every((byte) => byte === 0)) return await Deno.remove(path);
  const file = parseJson(slaveKeyFile, new TextDecoder().decode(bytes), `Key file ${path}`);
  if (file.slave_id !== slaveId) {
    throw new TerminalError(
      `Key file ${path} is for slave ${file.slave_id}, this is ${slaveId}: bring it to the right one`,
    );
  }
  // Killed between taking in and erasing: its chain stands already, and the file is erased now.
  if (!keys.isTaken(file)) keys.enrol(file);
  bytes.fill(0);
  await eraseFile(path, bytes.length);
  log.info("key file taken in and deleted", {
    meter: file.meter_id,
    generation: file.generation,
    file: path,
  });
}

/** Overwrites, then removes: on most file systems nothing is left to be found. */
async function eraseFile(path: string, length: number): Promise<void> {
  const file = await Deno.open(path, { write: true });
  try {
    await file.write(new Uint8Array(length));
    await file.sync();
  } finally {
    file.close();
  }
  await Deno.remove(path);
}
