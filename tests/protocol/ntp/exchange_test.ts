import assert from "node:assert/strict";
import fc from "fast-check";
import {
  judgeAnswer,
  type Question,
  questionBytes,
  type TimeRejectReason,
  timeRejectText,
} from "../../../protocol/ntp/exchange.ts";
import {
  decodePacket,
  type NtpPacket,
  referenceCode,
  toTimestamp,
} from "../../../protocol/ntp/packet.ts";
import { answerBytes, ms, NONCE, T0_NS, T4_NS } from "./vectors.ts";

const ask = (): Question => ({ nonce: NONCE, sent_ns: T0_NS, answered: false });

Deno.test("questionBytes() tells nothing but its nonce", () => {
  const bytes = questionBytes(NONCE);
  assert.equal(bytes.length, 48);
  assert.equal(bytes[0], 0x23);
  assert.ok(bytes.subarray(1, 40).every((byte) => byte === 0));
  assert.equal(decodePacket(bytes)?.transmit, NONCE);
});

Deno.test("judgeAnswer() computes offset and delay from T1..T4", () => {
  const verdict = judgeAnswer(ask(), answerBytes(), T4_NS);
  assert.ok(verdict.accepted);
  assert.ok(Math.abs(verdict.sample.offset_s - 0.25) < 1e-9);
  assert.ok(Math.abs(verdict.sample.delay_s - 0.02) < 1e-9);
  assert.equal(verdict.sample.reference, "10.0.0.1");
});

Deno.test("judgeAnswer() unfolds the era when the exchange spans 2036-02-07", () => {
  const rollover_ns = BigInt(Date.parse("2036-02-07T06:28:16Z")) * 1_000_000n;
  const verdict = judgeAnswer(
    { nonce: NONCE, sent_ns: rollover_ns - ms(5), answered: false },
    answerBytes({
      reference: toTimestamp(rollover_ns - ms(9_000)),
      receive: toTimestamp(rollover_ns - ms(1)),
      transmit: toTimestamp(rollover_ns + ms(1)),
    }),
    rollover_ns + ms(5),
  );
  assert.ok(verdict.accepted);
  assert.ok(Math.abs(verdict.sample.offset_s) < 1e-9);
});

/** The timestamps of a server whose clock shows `date`. */
function during(date: string): Partial<NtpPacket> {
  const at = toTimestamp(BigInt(Date.parse(date)) * 1_000_000n);
  return { reference: at - (1n << 34n), receive: at, transmit: at };
}

const bad: [TimeRejectReason, Partial<NtpPacket>][] = [
  ["wrong_version", { version: 3 }],
  ["wrong_mode", { mode: 5 }],
  ["wrong_mode", { mode: 3 }],
  ["bogus_origin", { origin: NONCE ^ 1n }],
  ["bogus_origin", { origin: 0n }],
  // A kiss that does not carry our origin is a stranger's: it must not end an association.
  ["bogus_origin", { origin: 0n, stratum: 0, referenceId: referenceCode("DENY") }],
  ["kiss_deny", { stratum: 0, leap: 3, referenceId: referenceCode("DENY") }],
  ["kiss_rstr", { stratum: 0, leap: 3, referenceId: referenceCode("RSTR") }],
  ["kiss_rate", { stratum: 0, leap: 3, referenceId: referenceCode("RATE") }],
  ["kiss_other", { stratum: 0, referenceId: referenceCode("INIT") }],
  ["unsynchronised", { leap: 3 }],
  ["unsynchronised", { leap: 3, stratum: 0, referenceId: 0 }],
  ["bad_stratum", { stratum: 0, referenceId: 0 }],
  ["bad_stratum", { stratum: 16 }],
  ["bad_stratum", { stratum: 255 }],
  ["zero_timestamp", { receive: 0n }],
  ["zero_timestamp", { transmit: 0n }],
  ["equal_timestamps", { receive: NONCE }],
  ["equal_timestamps", { transmit: NONCE }],
  ["reversed_timestamps", { transmit: toTimestamp(T0_NS + ms(259)) }],
  ["reference_in_future", { reference: toTimestamp(T0_NS + ms(999)) }],
  ["impossible_time", during("1970-01-01T00:00:10Z")],
  ["impossible_time", during("2100-01-01")],
  ["impossible_time", during("2024-12-31")],
  ["negative_delay", { transmit: toTimestamp(T0_NS + ms(290)) }],
  ["root_distance", { rootDispersion_s: 1.1 }],
  ["root_distance", { rootDelay_s: 2.1 }],
  ["root_distance", { precision: 3 }],
];

Deno.test("judgeAnswer() names what is wrong with a bad answer", () => {
  for (const [reason, changes] of bad) {
    const verdict = judgeAnswer(ask(), answerBytes(changes), T4_NS);
    assert.equal(
      verdict.accepted ? "accepted" : verdict.reason,
      reason,
      JSON.stringify(
        changes,
        (_, value) => typeof value === "bigint" ? value.toString(16) : value,
      ),
    );
    assert.ok(timeRejectText[reason].length > 0);
  }
});

Deno.test("judgeAnswer() refuses 0, 47, 49 and 68 bytes", () => {
  for (const length of [0, 47, 49, 68]) {
    const bytes = new Uint8Array(length);
    bytes.set(answerBytes().subarray(0, length));
    const verdict = judgeAnswer(ask(), bytes, T4_NS);
    assert.equal(!verdict.accepted && verdict.reason, "wrong_length");
  }
});

Deno.test("judgeAnswer() takes one answer to a question and no second one", () => {
  const question = ask();
  assert.ok(judgeAnswer(question, answerBytes(), T4_NS).accepted);
  const second = judgeAnswer(question, answerBytes(), T4_NS);
  assert.equal(!second.accepted && second.reason, "duplicate");
});

Deno.test("judgeAnswer() still takes the true answer after a spoofed one", () => {
  const question = ask();
  assert.equal(judgeAnswer(question, answerBytes({ origin: 5n }), T4_NS).accepted, false);
  assert.ok(judgeAnswer(question, answerBytes(), T4_NS).accepted);
});

Deno.test("judgeAnswer() refuses an answer that was under way for more than a second", () => {
  const verdict = judgeAnswer(ask(), answerBytes(), T0_NS + ms(1_500));
  assert.equal(!verdict.accepted && verdict.reason, "delay_too_long");
  const backwards = judgeAnswer(ask(), answerBytes(), T0_NS - ms(1));
  assert.equal(!backwards.accepted && backwards.reason, "reversed_timestamps");
});

Deno.test("judgeAnswer() reads 2026 and 2090 aright by a clock that was never set", () => {
  for (const date of ["2026-11-22T10:00:00Z", "2090-01-01T00:00:00Z"]) {
    const question: Question = { nonce: NONCE, sent_ns: ms(1_000), answered: false };
    const verdict = judgeAnswer(question, answerBytes(during(date)), ms(1_010));
    assert.ok(verdict.accepted, date);
    assert.ok(Math.abs(verdict.sample.offset_s - (Date.parse(date) / 1_000 - 1.005)) < 1e-3, date);
  }
});

Deno.test("judgeAnswer() reads 2026 and 2090 aright by a clock that was set to 2100 or 2200", () => {
  for (const local of ["2100-01-01", "2200-01-01"]) {
    const sent_ns = BigInt(Date.parse(local)) * 1_000_000n;
    for (const date of ["2026-11-22T10:00:00Z", "2090-01-01T00:00:00Z"]) {
      const question: Question = { nonce: NONCE, sent_ns, answered: false };
      const verdict = judgeAnswer(question, answerBytes(during(date)), sent_ns + ms(10));
      assert.ok(verdict.accepted, date);
      const wanted_s = (Date.parse(date) - Date.parse(local)) / 1_000;
      assert.ok(Math.abs(verdict.sample.offset_s - wanted_s) < 0.01, `${local} ${date}`);
    }
  }
});

Deno.test("judgeAnswer() refuses a round trip beyond the cap, of which 1/32 is kept back", () => {
  const judge = (delay_s: number) =>
    judgeAnswer(ask(), answerBytes(), T0_NS + ms(delay_s * 1_000 + 1));
  assert.ok(judge(0.96).accepted);
  for (const delay_s of [0.98, 1, 3]) {
    const verdict = judge(delay_s);
    assert.equal(!verdict.accepted && verdict.reason, "delay_too_long", `${delay_s} s`);
  }
});

Deno.test("judgeAnswer() never throws, and no random bytes move a clock", () => {
  const judge = (bytes: Uint8Array) => judgeAnswer(ask(), bytes, T4_NS);
  const reasons = new Set<string>();
  const refused = (bytes: Uint8Array) => {
    const verdict = judge(bytes);
    assert.equal(verdict.accepted, false);
    if (!verdict.accepted) reasons.add(verdict.reason);
  };
  const options = { numRuns: 3_000, seed: 20_261_122 };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 2_000 }), refused), options);
  fc.assert(fc.property(fc.uint8Array({ minLength: 48, maxLength: 48 }), refused), options);
  // With our origin even: what is left are the checks of the fields, and none may throw.
  const answers = fc.uint8Array({ minLength: 48, maxLength: 48 }).map((bytes) => {
    bytes[0] = 0x24;
    new DataView(bytes.buffer).setBigUint64(24, NONCE);
    return bytes;
  });
  fc.assert(
    fc.property(answers, (bytes) => {
      const verdict = judge(bytes);
      if (!verdict.accepted) return void reasons.add(verdict.reason);
      assert.ok(Number.isFinite(verdict.sample.offset_s));
    }),
    options,
  );
  for (const reason of reasons) assert.ok(reason in timeRejectText, reason);
  assert.ok(reasons.size >= 6, [...reasons].join());
});
