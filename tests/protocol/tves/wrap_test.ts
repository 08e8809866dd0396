import { strictEqual, throws } from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import { TerminalError } from "../../../protocol/errors.ts";
import { wrappedKey } from "../../../protocol/messages/enrolment.ts";
import { fromHex, toHex } from "../../../protocol/bytes.ts";
import { unwrapKey, unwrapKeyBytes, wrapKey } from "../../../protocol/tves/wrap.ts";

const kek = new Uint8Array(32).fill(0x4b);
const key = Uint8Array.from({ length: 32 }, (_, i) => i);
const nonce = new Uint8Array(12).fill(0x6e);
const owner = { meterId: "MH00113978", generation: 3 };
const wrapped = wrapKey({ kek, key, nonce, ...owner });

Deno.test("unwrapKey() gives back what wrapKey() wrapped, in the form of an enrolment", () => {
  wrappedKey.parse({ generation: 3, enrolment_day: 20_510, wrapped_key: wrapped });
  strictEqual(toHex(unwrapKey({ kek, wrapped, ...owner })), toHex(key));
});

Deno.test("wrapKey() agrees with AES-256-GCM of node:crypto", () => {
  const cipher = createCipheriv("aes-256-gcm", kek, nonce);
  cipher.setAAD(new TextEncoder().encode("samay/kek/1\0\x03MH00113978"));
  const sealed = cipher.update(key).toString("hex") + cipher.final("hex");
  strictEqual(wrapped, toHex(nonce) + sealed + cipher.getAuthTag().toString("hex"));
});

Deno.test("unwrapKey() refuses another owner, another key-encryption key and any changed bit", () => {
  const good = { kek, wrapped, ...owner };
  throws(() => unwrapKey({ ...good, meterId: "MH00113979" }), TerminalError);
  throws(() => unwrapKey({ ...good, generation: 4 }), TerminalError);
  throws(() => unwrapKey({ ...good, kek: new Uint8Array(32) }), /key-encryption key/);
  for (let i = 0; i < 60; i++) {
    const changed = fromHex(wrapped);
    changed[i]! ^= 1;
    throws(() => unwrapKey({ ...good, wrapped: toHex(changed) }), TerminalError);
  }
});

Deno.test("unwrapKeyBytes() puts the key where it is told, and nothing where it does not open", () => {
  const bytes = fromHex(wrapped);
  for (const meterId of [owner.meterId, "महावितरण", "M".repeat(65)]) {
    const own = { ...owner, meterId };
    const place = new Uint8Array(32);
    const under = fromHex(wrapKey({ kek, key, nonce, ...own }));
    strictEqual(unwrapKeyBytes(kek, own, under, place), place);
    strictEqual(toHex(place), toHex(key));
  }
  const place = new Uint8Array(32).fill(1);
  throws(() => unwrapKeyBytes(kek, { ...owner, generation: 4 }, bytes, place), TerminalError);
  strictEqual(toHex(place), "00".repeat(32));
  throws(() => unwrapKeyBytes(kek, owner, bytes.subarray(1)), TerminalError);
});

Deno.test("unwrapKey() says that the text is malformed when it is no wrapped key", () => {
  for (const bad of ["", "zz", wrapped.slice(2), wrapped + "00", wrapped.slice(1)]) {
    throws(() => unwrapKey({ kek, wrapped: bad, ...owner }), /120 hexadecimal digits/);
  }
});

Deno.test("wrapKey() refuses keys and nonces of a wrong length", () => {
  const good = { kek, key, nonce, ...owner };
  throws(() => wrapKey({ ...good, key: new Uint8Array(16) }), RangeError);
  throws(() => wrapKey({ ...good, kek: new Uint8Array(16) }), RangeError);
  throws(() => wrapKey({ ...good, nonce: new Uint8Array(16) }), RangeError);
});
