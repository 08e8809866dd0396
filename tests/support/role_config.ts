/** The broker configuration of the containers, filled in for a test. */
import { fileURLToPath } from "node:url";

const CONFIG = fileURLToPath(new URL("../../streams/jetstream/nats.conf", import.meta.url));
export const PASSWORD_VARIABLES = ["OPERATOR", "MASTER", "BILLING", "SLAVE_1"]
  .map((role) => `SAMAY_NATS_${role}_PASSWORD`);

/** The password of every user in the filled-in configuration. */
export const PASSWORD = "correct-horse";

/**
 * Writes the configuration to `path` with passwords filled in and no fixed monitoring port; slave-1
 * may send the frames of `meterIds`.
 */
export async function writeRoleConfig(path: string, meterIds?: readonly string[]): Promise<string> {
  let text = await Deno.readTextFile(CONFIG);
  for (const name of PASSWORD_VARIABLES) text = text.replaceAll(`$${name}`, `"${PASSWORD}"`);
  text = text.replace(/^http: .*$/m, "");
  // Tests kill processes and not the power: they need not wait for this machine's disk.
  text = text.replace("sync_interval: always", 'sync_interval: "2m"');
  if (meterIds) {
    const frames = meterIds.map((id) => `"samay.frame.*.${id}"`).join("\n");
    text = text.replace('"samay.frame.*.MH00000001"', () => frames);
  }
  await Deno.writeTextFile(path, text);
  return path;
}
