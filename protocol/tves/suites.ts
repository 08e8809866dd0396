/** The cipher suites of TVES/2 by their number in the low half of a frame's first byte. */
import { type Aead, aes256gcm, aes256gcmSiv, chacha20Poly1305 } from "./primitives.ts";

/** Suites that this side speaks; any other number is refused. 15 stays refused for ever. */
export const suites = {
  1: aes256gcm,
  2: aes256gcmSiv,
  3: chacha20Poly1305,
} as const satisfies Readonly<Record<number, Aead>>;

export type Suite = keyof typeof suites;

/** Whether `number` is that of a suite which is spoken here. */
export function isSuite(number: number): number is Suite {
  return Object.hasOwn(suites, number);
}
