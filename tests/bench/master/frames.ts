/** A file of sealed frames, one behind the other, and when each of them arrived. */
import type { Input } from "../../../actors/shard/actor.ts";
import type { Frame } from "../../../streams/fleet/frames.ts";

/** Five minutes past one in the afternoon, UTC: a cold key walks thirteen hours. */
export const FIRST_MS = Date.UTC(2026, 10, 27, 13, 5);
/** The first three rounds lie within one hour. */
export const ROUND_APART_MS = 15 * 60_000;
/** Frames that arrive in one millisecond: a state's 31 a millisecond. */
const A_MILLISECOND = 31;
const LENGTH_BYTES = 2;
const PIECE_BYTES = 1 << 22;

/** When frame `n`, of meter `n mod meters`, reached the broker. */
export function arrivalOf(n: number, meters: number): number {
  const round = Math.floor(n / meters);
  return FIRST_MS + round * ROUND_APART_MS + Math.floor(n % meters / A_MILLISECOND);
}

/** Each frame behind its length. */
export async function writeFrames(path: string, frames: () => Iterable<Frame>): Promise<void> {
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  const piece = new Uint8Array(PIECE_BYTES);
  const view = new DataView(piece.buffer);
  const flush = async (length: number) => {
    for (let at = 0; at < length;) at += await file.write(piece.subarray(at, length));
  };
  let at = 0;
  for (const { payload } of frames()) {
    if (at + LENGTH_BYTES + payload.length > piece.length) {
      await flush(at);
      at = 0;
    }
    view.setUint16(at, payload.length);
    piece.set(payload, at + LENGTH_BYTES);
    at += LENGTH_BYTES + payload.length;
  }
  await flush(at);
}

/** The frames of `bytes` as a shard's input has them. `idOf` names the meter of frame `n`. */
export function* inputsIn(
  bytes: Uint8Array,
  meters: number,
  idOf: (index: number) => string,
): Generator<Input> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const end = at + LENGTH_BYTES + view.getUint16(at);
    const payload = bytes.slice(at + LENGTH_BYTES, end);
    yield { sequence: n + 1, id: idOf(n % meters), payload, arrival_ms: arrivalOf(n, meters) };
    at = end;
  }
}
