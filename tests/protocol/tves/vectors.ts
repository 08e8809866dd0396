/** TVES/2 frames that independent implementations of the specification made. */
import { fromHex } from "../../../protocol/bytes.ts";
import type { ClockQuality } from "../../../protocol/messages/common.ts";
import { HeadEndKeys } from "../../../protocol/tves/keys.ts";
import type { Suite } from "../../../protocol/tves/suites.ts";

export interface Vector {
  readonly suite: Suite;
  readonly hint: boolean;
  readonly clockQuality: ClockQuality;
  readonly alias: number;
  readonly generation: number;
  readonly boot: number;
  readonly sequence: number;
  readonly t: number;
  readonly enrolmentDay: number;
  readonly meterId: string;
  readonly key: string;
  readonly plaintext: string;
  readonly secondKey: string;
  readonly frame: string;
}

/** AES-256-GCM, blind mode. First of the specification's vectors (`tves_vectors.json`). */
export const blindGcm: Vector = {
  suite: 1,
  hint: false,
  clockQuality: 0,
  alias: 2619211936,
  generation: 2,
  boot: 11800,
  sequence: 10031,
  t: 1777352968,
  enrolmentDay: 20510,
  meterId: "MH00113978",
  key: "c7d5a083f9ef9d2b00a1c785978b1e58927f1072d0e8046f0494004b647b4cfe",
  plaintext: "e520e47697bf2f11487ff0b0bd180110e354374bc7728f385f8faa8cb802bb3320cbb09bac61",
  secondKey: "b84b58de5a6bf89fd28a93ab560f70b2d7b350a26488a2d5b7951f96cccc4c24",
  frame:
    "210000269c1e00a002002e180000272f62b7ed0861e3f99f648918cc9033e0a14da6677e6e2397bc6768a26d" +
    "5c304df2b5e57ae573a2794341d80e17850c6b723cbee8bd225a08227006749258ed862f9644fd3e8f69",
};

/** ChaCha20-Poly1305 with a hint. Last of the specification's vectors (`tves_vectors.json`). */
export const hintedChaCha: Vector = {
  suite: 3,
  hint: true,
  clockQuality: 1,
  alias: 591958115,
  generation: 2,
  boot: 2191,
  sequence: 15205,
  t: 1781961876,
  enrolmentDay: 20533,
  meterId: "MH00119770",
  key: "02db9d968a5a8742a3289a9a1530abef6937faa958cce3a7ef65295fb63b6bf2",
  plaintext:
    "e91e0a5c85cdc3c1c4366db79ca90bf6361c58816b033abdeebfd7364825052a055b76361d2447bda0bf" +
    "bc92b496bf9c4a334e2df2b2d3",
  secondKey: "a4f8e480544f7aaafbbf932478c01db382f3222c4c33516e88105a291c28383c",
  frame:
    "23030037234890630294088f00003b6566bbf910a27539b84bf3884ff133ed744a09983e615b03e8a2dd8ee7" +
    "8364dff7232667938f69febd7ed29cc8e24cb71504e697fb3e71e1dfc2a6f47adaee9ccfbf928a67b9be7a" +
    "4576d28140505b3a3f559dd5f1aa84ef",
};

/**
 * AES-256-GCM-SIV with a hint, five days after the enrolment. Made from the specification's text with
 * Python's `hmac` and the AESGCMSIV of pyca/cryptography, which is OpenSSL's.
 */
export const hintedGcmSiv: Vector = {
  suite: 2,
  hint: true,
  clockQuality: 3,
  alias: 3141592653,
  generation: 4,
  boot: 517,
  sequence: 77,
  t: 1784123456,
  enrolmentDay: 20611,
  meterId: "MH00144120",
  key: "1f6b0a4c93d27e58b1c4f06d2a8e7739405c9b1de3fa2867d1308bce54f79a26",
  plaintext:
    "303132333435363738393a3b3c3d3e3f404142434445464748494a4b4c4d4e4f505152535455565758595a5b5c",
  secondKey: "31ededa373e9e99919cc2753f2947cb5460a992bd7e775bc825c5afda72473ee",
  frame:
    "2207002dbb40e64d044002050000004d6953d4a3544d0aadcfd4bcfedf5007444732ba7363734f2ea78f35b4" +
    "d25c0db87944b90e339b17010f3fc077a348c72d9491ffea9653f45765269df64bfa5df2795e43b5574b40f0" +
    "6bf3f8d194",
};

/** The vectors that stand in this file, one a suite, for tests that need any good frame. */
export const typedVectors: readonly Vector[] = [blindGcm, hintedGcmSiv, hintedChaCha];

/** The head-end's keys for `vector`. */
export function keysOf(vector: Vector): HeadEndKeys {
  return new HeadEndKeys({ ...vector, key: fromHex(vector.key) });
}

/** The JSON file `name` of public data beside the project; `undefined` where there is none. */
export function sharedData(name: string): unknown {
  const url = new URL(`../../../../shared/data/${name}`, import.meta.url);
  try {
    return JSON.parse(Deno.readTextFileSync(url));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.warn(`skipped: no ${name} in ../shared/data`);
    return undefined;
  }
}
