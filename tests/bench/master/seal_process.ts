/**
 * Seals frames into a file, in a process of its own: what sealing leaves in memory, and in a profile,
 * is none of the master's. `{path, meters, rounds}` is its only argument.
 */
import { useSystemCrypto } from "../../../streams/native/system_crypto.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { Fleet } from "../headend/fleet.ts";
import { arrivalOf, FIRST_MS, ROUND_APART_MS, writeFrames } from "./frames.ts";

export interface SealOrder {
  readonly path: string;
  readonly meters: number;
  readonly rounds: number;
}

useSystemCrypto(silentLog);
const { path, meters, rounds }: SealOrder = JSON.parse(Deno.args[0]!);
const fleet = new Fleet({
  ...{ meters, boot: 1, now_ms: FIRST_MS, apart_ms: ROUND_APART_MS },
  firstRead_ms: FIRST_MS - 60_000,
});
await writeFrames(path, function* () {
  for (let n = 0; n < meters * rounds; n++) {
    // Sent when it is sealed, and on its way for as long as a frame may be.
    yield fleet.seal(n, arrivalOf(n, meters) - 5 - (n * 7_919) % 40);
  }
});
