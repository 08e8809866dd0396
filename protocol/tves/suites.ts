/** The cipher suites of TVES/2 by their number in the low half of a frame's first byte. */
import { type Aead, aes256gcm, chacha20Poly1305 } from "./primitives.ts";

/** Suites that this side speaks; any other number is refused. 15 stays refused for ever. */
export const suites = {
  1: aes256gcm,
  3: chacha20Poly1305,
} as const satisfies Readonly<Record<number, Aead>>;

export type Suite = keyof typeof suites;
