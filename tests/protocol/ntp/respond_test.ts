import assert from "node:assert/strict";
import { judgeAnswer, questionBytes } from "../../../protocol/ntp/exchange.ts";
import { decodePacket, encodePacket } from "../../../protocol/ntp/packet.ts";
import { answer, kiss, LOCAL_REFERENCE_ID } from "../../../protocol/ntp/respond.ts";
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
    "no transmit timestamp": encodePacket({ ...packet, transmit: 0n }),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    assert.equal(answer(bytes, clock, T0_NS, T0_NS), undefined, name);
    assert.equal(kiss(bytes, "RATE", T0_NS), undefined, name);
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
