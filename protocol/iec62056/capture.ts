/** A telegram out of recorded bytes: a file that someone captured from a meter. */
import { charactersOf, type Framing } from "./characters.ts";
import { failureOf, type ReadFailure } from "./failure.ts";
import type { Readout } from "./readout.ts";
import { TelegramScanner } from "./scanner.ts";

/** The first whole telegram in `bytes`, or what is wrong with the last one that was tried. */
export function parseCapture(
  bytes: Uint8Array,
  framing: Framing = "7E1",
): { readonly readout: Readout } | { readonly failure: ReadFailure } {
  const scanner = new TelegramScanner();
  const found = [...scanner.push(charactersOf(bytes, framing)), ...scanner.finish()];
  const telegram = found.find((item) => item.kind === "telegram");
  if (telegram) return { readout: telegram.readout };
  const fault = found.findLast((item) => item.kind === "fault");
  if (fault) return { failure: fault.failure };
  return { failure: failureOf("garbage", `${bytes.length} bytes without a telegram`) };
}
