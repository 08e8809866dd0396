/** Every way in which the primitives can be served, for tests that go through all of them. */
import { type EngineName, offerEngine, withEngine } from "../../../protocol/tves/primitives.ts";
import { loadLibcrypto } from "../../../streams/native/libcrypto.ts";

/** The system's own library, where this machine has it. */
export const libcrypto = loadLibcrypto();
if (libcrypto) offerEngine(libcrypto.engine);
else console.warn("no libcrypto on this machine: its tests go without it");

export const ENGINES: readonly EngineName[] = libcrypto
  ? ["offered", "native", "noble"]
  : ["native", "noble"];

/** Runs `work` as a program would, then with each engine alone, and says which one failed. */
export function withEachEngine(work: () => void): void {
  work();
  for (const name of ENGINES) {
    try {
      withEngine(name, work);
    } catch (error) {
      throw new Error(`with the engine ${name}`, { cause: error });
    }
  }
}

/** A copy of `bytes` that begins `offset` bytes into its buffer, with other bytes around it. */
export function placedAt(offset: number, bytes: Uint8Array): Uint8Array {
  const whole = new Uint8Array(offset + bytes.length + 5).fill(0xee);
  whole.set(bytes, offset);
  return whole.subarray(offset, offset + bytes.length);
}
