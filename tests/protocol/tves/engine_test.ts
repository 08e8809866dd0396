import { deepStrictEqual, match, ok, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { toHex } from "../../../protocol/bytes.ts";
import type { Aead, Engine, Primitive } from "../../../protocol/tves/engine.ts";
import { compose, givesKnownAnswer, servedBy } from "../../../protocol/tves/engine_choice.ts";
import { nativeEngine } from "../../../protocol/tves/engine_native.ts";
import { nobleEngine } from "../../../protocol/tves/engine_noble.ts";
import {
  aes256gcm,
  engineOf,
  hkdfExpand,
  hkdfExtract,
  offerEngine,
  withEngine,
} from "../../../protocol/tves/primitives.ts";
import { loadLibcrypto } from "../../../streams/native/libcrypto.ts";
import { ENGINES, libcrypto, placedAt } from "./engines.ts";

/** Engines beside the reference, by name. */
const OTHERS: readonly Partial<Engine>[] = [nativeEngine, ...libcrypto ? [libcrypto.engine] : []];

const AEADS = ["aes256gcm", "chacha20Poly1305"] as const;
const EVERY: readonly Primitive[] = ["hmacSha256", ...AEADS, "aes256gcmSiv"];

const has = (engine: Partial<Engine>) => EVERY.filter((primitive) => engine[primitive]);

const bytes = (minLength: number, maxLength = minLength) => fc.uint8Array({ minLength, maxLength });

Deno.test("every engine seals and opens alike, byte for byte, at every length and offset", () => {
  const offsets = fc.array(fc.nat(9), { minLength: 5, maxLength: 5 });
  const message = fc.record({ key: bytes(32), nonce: bytes(12), aad: bytes(0, 70), offsets });
  for (
    const [other, name] of OTHERS.flatMap((other) => AEADS.map((name) => [other, name] as const))
  ) {
    const native = other[name];
    if (native === undefined) continue;
    let length = 0;
    fc.assert(
      fc.property(message, bytes(300), ({ key, nonce, aad, offsets: at }, pool) => {
        // Every length from 0 to 300 has its turn.
        const plaintext = placedAt(at[0]!, pool.subarray(0, length++ % 301));
        const input = {
          key: placedAt(at[1]!, key),
          nonce: placedAt(at[2]!, nonce),
          aad: placedAt(at[3]!, aad),
        };
        const sealed = nobleEngine[name].seal(input, plaintext);
        strictEqual(toHex(native.seal(input, plaintext)), toHex(sealed));
        const placed = placedAt(at[4]!, sealed);
        for (const aead of [native, nobleEngine[name]]) {
          strictEqual(toHex(aead.open(input, placed)!), toHex(plaintext));
        }
        placed[pool[0]! % placed.length]! ^= 1 << (pool[1]! & 7);
        strictEqual(native.open(input, placed), undefined);
        strictEqual(nobleEngine[name].open(input, placed), undefined);
      }),
      { numRuns: 602, seed: 1 },
    );
    ok(length >= 301);
  }
});

Deno.test("an engine leaves what it is given as it was, and gives bytes of its own", () => {
  for (const engine of [{}, ...OTHERS].map((other) => compose(nobleEngine, other, has(other)))) {
    for (const name of [...AEADS, "aes256gcmSiv"] as const) {
      const input = {
        key: placedAt(1, new Uint8Array(32).fill(1)),
        nonce: placedAt(3, new Uint8Array(12).fill(2)),
        aad: placedAt(5, new Uint8Array(40).fill(3)),
      };
      const plaintext = placedAt(7, new Uint8Array(48).fill(4));
      const before = [...Object.values(input), plaintext].map(toHex);
      const sealed = engine[name].seal(input, plaintext);
      const kept = toHex(sealed);
      const opened = engine[name].open(input, sealed)!;
      strictEqual(opened.constructor, Uint8Array);
      strictEqual(sealed.constructor, Uint8Array);
      opened.fill(0);
      strictEqual(toHex(sealed), kept);
      deepStrictEqual([...Object.values(input), plaintext].map(toHex), before);
    }
  }
});

Deno.test("every engine derives alike by HKDF, for any lengths and offsets", () => {
  const derive = (salt: Uint8Array, ikm: Uint8Array, info: Uint8Array[], length: number) =>
    toHex(hkdfExpand(hkdfExtract(salt, ikm), info, length));
  let length = 0;
  fc.assert(
    fc.property(bytes(0, 100), bytes(0, 80), fc.array(bytes(0, 90)), fc.nat(9), (...given) => {
      const [salt, ikm, info, offset] = given;
      const placed = info.map((part) => placedAt(offset, part));
      const wanted = 1 + length++ % 300;
      const work = () => derive(placedAt(offset, salt), placedAt(offset + 1, ikm), placed, wanted);
      const expected = withEngine("noble", work);
      for (const name of ENGINES) strictEqual(withEngine(name, work), expected, name);
      strictEqual(work(), expected);
    }),
    { numRuns: 301, seed: 2 },
  );
});

Deno.test("givesKnownAnswer() holds for every primitive of every engine", () => {
  for (const primitive of EVERY) {
    ok(givesKnownAnswer(primitive, nobleEngine[primitive]), primitive);
    for (const { [primitive]: part } of OTHERS) {
      ok(part === undefined || givesKnownAnswer(primitive, part), primitive);
    }
  }
});

/** Native code as it must not be: each of these would open forged frames or seal unreadable ones. */
const gcm = nobleEngine.aes256gcm;
const WRONG: Readonly<Record<string, Aead>> = {
  "it lacks the cipher": {
    seal: () => {
      throw new Error("Unknown cipher");
    },
    open: () => {
      throw new Error("Unknown cipher");
    },
  },
  "it does not look at the tag": {
    seal: gcm.seal,
    open: (input, sealed) => gcm.seal(input, sealed.slice(0, -16)).slice(0, -16),
  },
  "it looks at fifteen bytes of the tag": {
    seal: gcm.seal,
    open(input, sealed) {
      for (let last = 0; last < 256; last++) {
        const opened = gcm.open(input, Uint8Array.of(...sealed.slice(0, -1), last));
        if (opened !== undefined) return opened;
      }
      return undefined;
    },
  },
  "it does not look at the AAD": {
    seal: gcm.seal,
    open: (input, sealed) =>
      gcm.open(input, sealed) ??
        gcm.open({ ...input, aad: Uint8Array.of(0xfe, ...input.aad) }, sealed),
  },
  "it throws for a wrong tag": {
    seal: gcm.seal,
    open(input, sealed) {
      const opened = gcm.open(input, sealed);
      if (opened === undefined) throw new Error("bad decrypt");
      return opened;
    },
  },
  "it cuts the tag": {
    seal: (input, plaintext) => gcm.seal(input, plaintext).slice(0, -4),
    open: gcm.open,
  },
  "its ciphertext is another one": { seal: nobleEngine.aes256gcmSiv.seal, open: gcm.open },
};

Deno.test("servedBy() leaves a primitive to noble when native code fails the self-check", () => {
  for (const [what, aes256gcm] of Object.entries(WRONG)) {
    const native: Partial<Engine> = { ...nativeEngine, aes256gcm };
    const served = servedBy(native, EVERY);
    ok(!served.includes("aes256gcm"), what);
    const engine = compose(nobleEngine, native, served);
    strictEqual(engine.aes256gcm, nobleEngine.aes256gcm, what);
    strictEqual(engine.chacha20Poly1305, nativeEngine.chacha20Poly1305, what);
  }
  deepStrictEqual(servedBy({}, EVERY), []);
});

Deno.test("engineOf() names who serves: only noble has GCM-SIV, a library from outside goes first", () => {
  strictEqual(engineOf("aes256gcmSiv"), "noble");
  for (const name of ["hmacSha256", ...AEADS] as const) {
    if (libcrypto) strictEqual(engineOf(name), "offered", name);
    else match(engineOf(name), /^(native|noble)$/, name);
  }
});

Deno.test("offerEngine() leaves out what does not give the known answer", () => {
  const key = new Uint8Array(32);
  const wrong: Partial<Engine> = { hmacSha256: () => new Uint8Array(32), aes256gcmSiv: gcm };
  deepStrictEqual(offerEngine(wrong), []);
  const expected = toHex(nobleEngine.hmacSha256(key, [key]));
  strictEqual(toHex(hkdfExtract(key, key)), expected);
  strictEqual(engineOf("hmacSha256"), "noble");
  // As it was for the tests behind this one.
  if (libcrypto) deepStrictEqual(offerEngine(libcrypto.engine), ["hmacSha256", ...AEADS]);
});

Deno.test("every engine writes an HMAC to the place that it is given, and nowhere else", () => {
  for (const engine of [nobleEngine, ...OTHERS]) {
    const whole = new Uint8Array(40).fill(0xaa);
    const key = new Uint8Array(70).fill(1);
    const given = engine.hmacSha256!(key, [key, key], whole.subarray(4, 36));
    strictEqual(toHex(given), toHex(nobleEngine.hmacSha256(key, [key, key])));
    strictEqual(toHex(whole), `aaaaaaaa${toHex(given)}aaaaaaaa`);
  }
});

Deno.test("every engine writes an HMAC over its own key: a chain is walked in one place", () => {
  for (const engine of [nobleEngine, ...OTHERS]) {
    const link = new Uint8Array(32).fill(1);
    const label = new Uint8Array(20).fill(2);
    const next = toHex(nobleEngine.hmacSha256(link.slice(), [label]));
    strictEqual(engine.hmacSha256!(link, [label], link), link);
    strictEqual(toHex(link), next);
  }
});

Deno.test("every engine opens into the place that it is given, and leaves nothing there of a forgery", () => {
  const input = {
    key: new Uint8Array(32).fill(1),
    nonce: new Uint8Array(12).fill(2),
    aad: new Uint8Array(40).fill(3),
  };
  const plaintext = new Uint8Array(32).fill(4);
  for (const engine of [nobleEngine, ...OTHERS]) {
    for (const name of AEADS) {
      const aead = engine[name]!;
      const sealed = aead.seal(input, plaintext);
      const room = new Uint8Array(48).fill(0xaa);
      strictEqual(toHex(aead.open(input, sealed, room)!), toHex(plaintext));
      strictEqual(toHex(room), toHex(plaintext) + "aa".repeat(16));
      strictEqual(toHex(aead.open(input, sealed, new Uint8Array(31))!), toHex(plaintext));
      sealed[40]! ^= 1;
      strictEqual(aead.open(input, sealed, room), undefined);
      strictEqual(toHex(room), "00".repeat(32) + "aa".repeat(16));
    }
  }
});

Deno.test("libcrypto is given no place that is too short for what it writes", () => {
  const hmac = libcrypto?.engine.hmacSha256;
  if (hmac === undefined) return console.warn("no libcrypto on this machine: not tried");
  const key = new Uint8Array(32);
  throws(() => hmac(key, [key], new Uint8Array(31)), RangeError);
});

Deno.test("loadLibcrypto() is none where no file can be loaded, or a file is no such library", () => {
  strictEqual(loadLibcrypto(["/nowhere/libcrypto.so.3"]), undefined);
  strictEqual(loadLibcrypto([Deno.execPath()]), undefined);
});

Deno.test("withEngine() gives the engine back when the work throws", () => {
  const input = { key: new Uint8Array(32), nonce: new Uint8Array(12), aad: new Uint8Array() };
  const before = toHex(aes256gcm.seal(input, new Uint8Array(3)));
  throws(() =>
    withEngine("noble", () => {
      throw new Error("stop");
    }), /stop/);
  strictEqual(toHex(aes256gcm.seal(input, new Uint8Array(3))), before);
});

Deno.test("one file of protocol/ imports node:crypto", () => {
  const root = new URL("../../../protocol/", import.meta.url);
  const found: string[] = [];
  const look = (folder: URL) => {
    for (const entry of Deno.readDirSync(folder)) {
      if (entry.isDirectory) look(new URL(`${entry.name}/`, folder));
      else if (/from "node:crypto"/.test(Deno.readTextFileSync(new URL(entry.name, folder)))) {
        found.push(entry.name);
      }
    }
  };
  look(root);
  deepStrictEqual(found, ["engine_native.ts"]);
});
