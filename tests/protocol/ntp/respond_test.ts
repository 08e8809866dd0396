import assert from "node:assert/strict";
import fc from "fast-check";
import { judgeAnswer, questionBytes } from "../../../protocol/ntp/exchange.ts";
import { decodePacket, encodePacket, toTimestamp } from "../../../protocol/ntp/packet.ts";
import { answer, isQuestion, kiss, LOCAL_REFERENCE_ID } from "../../../protocol/ntp/respond.ts";
import { goodAnswer, ms, NONCE, T0_NS } from "./vectors.ts";

const clock = {
  leap: 0,
  stratum: 10,
  referenceId: LOCAL_REFERENCE_ID,
  reference_ns: T0_NS - ms(1_000),
  rootDelay_s: 0,
  rootDispersion_s: 0.01,
  precision: -20,
};
const question = questionBytes(NONCE);

Deno.test("answer() is taken by our own client and gives its clock", () => {
  const reply = answer(question, clock, T0_NS + ms(510), T0_NS + ms(511));
  assert.ok(reply);
  const verdict = judgeAnswer(
    { nonce: NONCE, sent_ns: T0_NS, answered: false },
    reply,
    T0_NS + ms(21),
  );
  assert.ok(verdict.accepted);
  assert.ok(Math.abs(verdict.sample.offset_s - 0.5) < 1e-8);
  assert.equal(verdict.sample.reference, "127.127.1.1");
});

Deno.test("answer() is never longer than the question, and follows its version", () => {
  const long = new Uint8Array(468);
  long.set(question);
  long[0] = 0x1b;
  const reply = answer(long, clock, T0_NS, T0_NS);
  assert.equal(reply?.length, 48);
  assert.equal(decodePacket(reply!)?.version, 3);
});

Deno.test("answer() and kiss() say nothing to what is no client's question", () => {
  const packet = goodAnswer({ mode: 3, transmit: NONCE });
  const cases = {
    "47 bytes": question.subarray(0, 47),
    "not whole words": new Uint8Array(50).fill(0x23),
    "too long": new Uint8Array(1_028).fill(0x23),
    "empty": new Uint8Array(0),
    "a server's answer, which would start a loop": encodePacket({ ...packet, mode: 4 }),
    "control message": encodePacket({ ...packet, mode: 6 }),
    "private mode": encodePacket({ ...packet, mode: 7 }),
    "version 2": encodePacket({ ...packet, version: 2 }),
    "version 5": encodePacket({ ...packet, version: 5 }),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    assert.equal(answer(bytes, clock, T0_NS, T0_NS), undefined, name);
    assert.equal(kiss(bytes, "RATE", T0_NS), undefined, name);
  }
});

Deno.test("answer() serves the plainest clients: one byte that says client, and 47 zeros", () => {
  for (const first of [0x1b, 0x23, 0xe3]) {
    const bytes = new Uint8Array(48);
    bytes[0] = first;
    const packet = decodePacket(answer(bytes, clock, T0_NS, T0_NS + ms(1))!);
    assert.equal(packet?.mode, 4);
    assert.equal(packet?.origin, 0n);
    assert.equal(packet?.transmit, toTimestamp(T0_NS + ms(1)));
  }
});

Deno.test("kiss() is obeyed by our own client as RATE", () => {
  const reply = kiss(question, "RATE", T0_NS);
  const verdict = judgeAnswer(
    { nonce: NONCE, sent_ns: T0_NS, answered: false },
    reply!,
    T0_NS + ms(5),
  );
  assert.equal(!verdict.accepted && verdict.reason, "kiss_rate");
});

/** Packets of any length, made of random bytes or of a question with something behind it. */
const packets = fc.oneof(
  fc.uint8Array({ maxLength: 1_100 }),
  fc.tuple(fc.integer({ min: 0, max: 255 }), fc.uint8Array({ minLength: 47, maxLength: 1_100 }))
    .map(([first, rest]) => Uint8Array.of(first, ...rest)),
  // Extension fields and authenticators come in whole words behind the 48 bytes.
  fc.tuple(fc.constantFrom(0x1b, 0x23, 0xe3), fc.integer({ min: 0, max: 250 }))
    .map(([first, words]) => new Uint8Array(48 + words * 4).fill(0x5a).fill(first, 0, 1)),
);

Deno.test("answer() and kiss() amplify nothing and answer no answer, whatever comes", () => {
  let answered = 0;
  fc.assert(
    fc.property(packets, (bytes) => {
      for (const reply of [answer(bytes, clock, T0_NS, T0_NS), kiss(bytes, "RATE", T0_NS)]) {
        assert.equal(reply !== undefined, isQuestion(bytes));
        if (reply === undefined) continue;
        answered++;
        assert.ok(reply.length <= bytes.length);
        assert.equal(isQuestion(reply), false, "an answer to an answer would go on for ever");
      }
      if (isQuestion(bytes)) assert.equal((bytes[0] ?? 0) & 7, 3, "only a client is answered");
    }),
    { numRuns: 3_000, seed: 20_261_122 },
  );
  assert.ok(answered > 500, `only ${answered} questions were made`);
});

Deno.test("answer() has for every length and every first byte either nothing or 48 bytes", () => {
  for (let length = 0; length <= 1_100; length++) {
    for (
      const first of length < 80 ? Array.from({ length: 256 }, (_, byte) => byte) : [0x1b, 0x23]
    ) {
      const reply = answer(new Uint8Array(length).fill(1).fill(first, 0, 1), clock, T0_NS, T0_NS);
      if (reply === undefined) continue;
      assert.equal(reply.length, 48);
      assert.ok(length >= 48 && length <= 1_024 && length % 4 === 0);
      assert.ok(first === (first & 0xc7 | 3 << 3) || first === (first & 0xc7 | 4 << 3));
      assert.equal(first & 7, 3);
    }
  }
});

Deno.test("answer() serves an ntpd-style client, with its clock shown and an authenticator behind", () => {
  for (const [version, length] of [[4, 48], [3, 48], [4, 68], [3, 68], [4, 72]] as const) {
    const bytes = new Uint8Array(length);
    // ntpd sends its leap indicator, poll, precision, root values and a true transmit timestamp.
    bytes.set(encodePacket(goodAnswer({
      leap: 3,
      version,
      mode: 3,
      stratum: 0,
      transmit: T0_NS,
    })));
    const packet = decodePacket(answer(bytes, clock, T0_NS, T0_NS)!);
    assert.equal(packet?.version, version);
    assert.equal(packet?.mode, 4);
    assert.equal(packet?.origin, T0_NS);
    assert.equal(packet?.poll, 6, "the client's own");
  }
});
