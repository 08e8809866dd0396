import assert from "node:assert/strict";
import { toHex } from "../../../protocol/bytes.ts";
import {
  decodePacket,
  encodePacket,
  fromTimestamp,
  referenceCode,
  referenceText,
  toTimestamp,
} from "../../../protocol/ntp/packet.ts";
import { goodAnswer } from "./vectors.ts";

Deno.test("encodePacket() writes the fields where RFC 5905 figure 8 has them", () => {
  const bytes = encodePacket(goodAnswer({
    leap: 1,
    stratum: 1,
    poll: -3,
    rootDelay_s: 1.5,
    rootDispersion_s: 0.25,
    referenceId: referenceCode("GPS"),
    reference: 1n,
    origin: 2n,
    receive: 3n,
    transmit: 0xffff_ffff_0000_0001n,
  }));
  assert.equal(
    toHex(bytes),
    "6401fdec" + "00018000" + "00004000" + "47505300" + "0000000000000001" + "0000000000000002" +
      "0000000000000003" + "ffffffff00000001",
  );
});

Deno.test("decodePacket() gives back what encodePacket() wrote, and nothing of 47 bytes", () => {
  const packet = goodAnswer({ rootDelay_s: 0.5, rootDispersion_s: 0.125 });
  const bytes = encodePacket(packet);
  assert.deepEqual(decodePacket(bytes), packet);
  assert.equal(decodePacket(bytes.subarray(0, 47)), undefined);
});

Deno.test("encodePacket() saturates root dispersion and rounds errors up, never down", () => {
  const packet = decodePacket(
    encodePacket(goodAnswer({ rootDelay_s: 1e9, rootDispersion_s: 1e-9 })),
  );
  assert.equal(packet?.rootDelay_s, 0xffff_ffff / 65_536);
  assert.equal(packet?.rootDispersion_s, 1 / 65_536);
});

Deno.test("toTimestamp() matches the dates of RFC 5905 figure 4", () => {
  const at = (text: string) => toTimestamp(BigInt(Date.parse(text)) * 1_000_000n);
  assert.equal(at("1970-01-01T00:00:00Z") >> 32n, 2_208_988_800n);
  assert.equal(at("1999-12-31T00:00:00Z") >> 32n, 3_155_587_200n);
  assert.equal(at("2036-02-08T00:00:00Z") >> 32n, 63_104n);
});

Deno.test("fromTimestamp() is exact to the nanosecond on both sides of 2036-02-07", () => {
  for (
    const text of [
      "1972-01-01",
      "2026-11-22",
      "2036-02-07T06:28:15Z",
      "2036-02-07T06:28:16Z",
      "2060-01-01",
    ]
  ) {
    const ns = BigInt(Date.parse(text)) * 1_000_000n + 123_456_789n;
    for (const years of [-60n, 0n, 60n]) {
      assert.equal(fromTimestamp(toTimestamp(ns), ns + years * 31_557_600_000_000_000n), ns, text);
    }
  }
});

Deno.test("referenceText() writes letters at stratum 1 and an address above", () => {
  assert.equal(referenceText(1, referenceCode("GPS")), "GPS");
  assert.equal(referenceText(0, referenceCode("RATE")), "RATE");
  assert.equal(referenceText(8, 0x7f7f0101), "127.127.1.1");
});
