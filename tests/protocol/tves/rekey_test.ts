import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { createCipheriv } from "node:crypto";
import { concat, fromHex, toHex, utf8 } from "../../../protocol/bytes.ts";
import { EdgeKeys, HOURS_AHEAD_MAX } from "../../../protocol/tves/edge_keys.ts";
import { HeadEndKeys } from "../../../protocol/tves/keys.ts";
import {
  openRekey,
  type RekeyOffer,
  wrappingHour,
  wrapRekey,
} from "../../../protocol/tves/rekey.ts";
import { expand, hourKey } from "./twin.ts";
import { blindGcm } from "./vectors.ts";

const HOUR = 3_600;
const input = {
  key: fromHex(blindGcm.key),
  generation: 2,
  enrolmentDay: 20_510,
  meterId: "MH00113978",
};
const NOW_S = (20_513 * 24 + 9) * HOUR + 100;
const offer: RekeyOffer = {
  ...{ meterId: input.meterId, alias: 77, underGeneration: 2, generation: 3 },
  ...{ hour: 20_513 * 24 + 9, enrolmentDay: 20_513 },
};
const key = Uint8Array.from({ length: 32 }, (_, i) => 255 - i);
const nonce = new Uint8Array(12).fill(0x21);
const H = hourKey(input, 20_513, 9);
const wrapped = wrapRekey({ ...offer, hourKey: H, key, nonce });

Deno.test("wrapRekey() agrees with HKDF and AES-256-GCM of node:crypto", () => {
  const kek = expand(H, "samay/tves/2/rekey\0\x03", 32);
  const cipher = createCipheriv("aes-256-gcm", kek, nonce);
  const fixed = new DataView(new ArrayBuffer(14));
  fixed.setUint16(0, 0x0203);
  fixed.setUint32(2, 77);
  fixed.setUint32(6, 20_513);
  fixed.setUint32(10, offer.hour);
  cipher.setAAD(
    concat(utf8("samay/tves/2/rekey\0"), new Uint8Array(fixed.buffer), utf8(input.meterId)),
  );
  const sealed = cipher.update(key).toString("hex") + cipher.final("hex");
  strictEqual(wrapped, toHex(nonce) + sealed + cipher.getAuthTag().toString("hex"));
  strictEqual(toHex(openRekey({ ...offer, hourKey: H, wrapped })!), toHex(key));
});

Deno.test("openRekey() opens nothing when the offer says another meter, alias, generation, day or hour", () => {
  const good = { ...offer, hourKey: H, wrapped };
  for (
    const other of [
      { meterId: "MH00113979" },
      { alias: 78 },
      { underGeneration: 1 },
      { generation: 4 },
      { enrolmentDay: 20_512 },
      { hour: offer.hour + 1 },
    ]
  ) strictEqual(openRekey({ ...good, ...other }), undefined, JSON.stringify(other));
});

Deno.test("openRekey() opens nothing with another hour's key, a changed bit or a wrong length", () => {
  for (const hour of [8, 10]) {
    strictEqual(
      openRekey({ ...offer, hourKey: hourKey(input, 20_513, hour), wrapped }),
      undefined,
    );
  }
  for (let i = 0; i < 60; i++) {
    const changed = fromHex(wrapped);
    changed[i]! ^= 0x80;
    strictEqual(openRekey({ ...offer, hourKey: H, wrapped: toHex(changed) }), undefined);
  }
  for (const bad of ["", "zz", wrapped.slice(1), wrapped.slice(2), wrapped + "00"]) {
    strictEqual(openRekey({ ...offer, hourKey: H, wrapped: bad }), undefined);
  }
  throws(() => wrapRekey({ ...offer, hourKey: H, key: key.subarray(1), nonce }), RangeError);
});

Deno.test("wrappingHour() is the present hour, and the next one in the last minute", () => {
  for (const [into_s, ahead] of [[0, 0], [100, 0], [3_539, 0], [3_540, 1], [3_599, 1]] as const) {
    strictEqual(wrappingHour(9 * HOUR + into_s), 9 + ahead, `${into_s}`);
  }
});

Deno.test("EdgeKeys.hourKey() and HeadEndKeys.hourKey() agree from the present hour on, over midnight too", () => {
  const edge = EdgeKeys.enrol({ ...input, t_s: NOW_S });
  const headEnd = new HeadEndKeys(input);
  const before = edge.state();
  for (const ahead of [0, 1, 14, 15, 16, 100, HOURS_AHEAD_MAX]) {
    const hour = offer.hour + ahead;
    const expected = hourKey(input, Math.floor(hour / 24), hour % 24).toString("hex");
    strictEqual(toHex(edge.hourKey(hour)!), expected, `${ahead}`);
    strictEqual(toHex(headEnd.hourKey(hour)!), expected, `${ahead}`);
  }
  strictEqual(edge.hourKey(offer.hour + HOURS_AHEAD_MAX + 1), undefined);
  strictEqual(headEnd.hourKey(input.enrolmentDay * 24 - 1), undefined);
  // What is given away is a copy.
  edge.hourKey(offer.hour)!.fill(0);
  headEnd.hourKey(offer.hour)!.fill(0);
  deepStrictEqual(edge.state(), before);
  strictEqual(toHex(headEnd.hourKey(offer.hour)!), H.toString("hex"));
});

Deno.test("EdgeKeys.hourKey() has no key of a past hour, but for a minute the one just past", () => {
  const start_s = offer.hour * HOUR;
  const edge = EdgeKeys.enrol({ ...input, t_s: start_s - 10 });
  edge.advance(start_s + 59);
  const past = hourKey(input, 20_513, 8).toString("hex");
  strictEqual(toHex(edge.hourKey(offer.hour - 1)!), past);
  edge.advance(start_s + 60);
  strictEqual(edge.hourKey(offer.hour - 1), undefined);
  strictEqual(edge.hourKey(offer.hour - 2), undefined);
});

Deno.test("EdgeKeys.erase() leaves nothing, and what is left goes nowhere", () => {
  const edge = EdgeKeys.enrol({ ...input, t_s: NOW_S });
  edge.erase();
  const { hour_key, previous_hour_key, next_day_key } = edge.state();
  deepStrictEqual([hour_key, next_day_key], ["00".repeat(32), "00".repeat(32)]);
  strictEqual(previous_hour_key, null);
  ok(!edge.advance(NOW_S + 100 * HOUR));
  throws(() => edge.secondKey(NOW_S), /erased/);
  strictEqual(edge.hourKey(offer.hour), undefined);
});
