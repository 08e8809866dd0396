import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { toHex, utf8 } from "../../../protocol/bytes.ts";
import {
  aesPaperDecrypt,
  aesPaperOpen,
  aesPaperSeal,
  checkDifference,
  checkFits,
  crc16,
  textOf,
  timeKey,
  timeRoundKeys,
} from "../../../protocol/paper/aes_paper.ts";
import {
  caesarDecrypt,
  caesarOpen,
  caesarSeal,
  DIGITS,
  distinctShifts,
  LETTERS,
  PRINTABLE,
  secondFromShift,
  shiftFromKnown,
  shiftOf,
  shiftText,
} from "../../../protocol/paper/caesar.ts";
import { hasForm, packetDigits, packetText } from "../../../protocol/paper/packet.ts";
import { linearSeries, secondOfDay } from "../../../protocol/paper/paper_time.ts";
import { seeded } from "../../../protocol/paper/random.ts";

const packet = { consumer: 170_000_000_001, reading_wh: 2_275_625 };
const TEXT = "170000000001 002275.625 kWh";
/** 2026-11-01 12:34:56 UTC: second 45,296 of its day. */
const T_S = 1_793_536_496;

Deno.test("packetText() is what the meter says, and hasForm() knows it", () => {
  strictEqual(packetText(packet), TEXT);
  strictEqual(packetDigits(packet), "170000000001002275625");
  ok(hasForm(TEXT));
  ok(!hasForm(`${TEXT} `));
  ok(!hasForm(TEXT.replace(".", ",")));
  throws(() => packetText({ consumer: 1e12, reading_wh: 0 }), /consumer/);
  throws(() => packetText({ consumer: 0, reading_wh: -1 }), /reading_wh/);
});

Deno.test("secondOfDay() and linearSeries() are the paper's time", () => {
  strictEqual(secondOfDay(T_S), 45_296);
  strictEqual(secondOfDay(86_400), 0);
  strictEqual(secondOfDay(-1), 86_399);
  deepStrictEqual(linearSeries(100, 2), [98, 99, 100, 101, 102]);
});

Deno.test("caesarSeal() shifts by the second, and Caesar's own example comes out", () => {
  strictEqual(shiftText("VENI", 3, LETTERS), "YHQL");
  strictEqual(shiftText("XYZ", 3, LETTERS), "ABC");
  strictEqual(shiftOf(T_S, 95), 45_296 % 95);
  const sealed = caesarSeal(TEXT, T_S);
  strictEqual(sealed.length, TEXT.length);
  strictEqual(caesarDecrypt(sealed, T_S), TEXT);
  throws(() => shiftText("é", 1, PRINTABLE), /alphabet/);
});

Deno.test("caesarOpen() finds the second in its window and nothing outside of it", () => {
  const sealed = caesarSeal(TEXT, T_S);
  deepStrictEqual(caesarOpen(sealed, linearSeries(T_S + 4, 10)), {
    t_s: T_S,
    trials: 7,
    text: TEXT,
  });
  strictEqual(caesarOpen(sealed, linearSeries(T_S + 11, 10)), undefined);
});

Deno.test("shiftFromKnown() needs one character to read every frame of a second", () => {
  const sealed = caesarSeal(TEXT, T_S);
  const shift = shiftFromKnown(sealed, TEXT);
  strictEqual(shift, shiftOf(T_S, 95));
  strictEqual(secondFromShift(shift, linearSeries(T_S - 3, 10), 95), T_S);
  const other = packetText({ consumer: 7, reading_wh: 1 });
  strictEqual(caesarDecrypt(caesarSeal(other, T_S), T_S), other);
});

Deno.test("distinctShifts() is smaller than the window when the alphabet is", () => {
  const window = linearSeries(T_S, 10);
  strictEqual(distinctShifts(window, DIGITS.length), 10);
  strictEqual(distinctShifts(window, LETTERS.length), 21);
  strictEqual(distinctShifts(linearSeries(T_S, 15), LETTERS.length), 26);
  strictEqual(distinctShifts(window, PRINTABLE.length), 21);
  // A shift that several seconds share tells none of them.
  strictEqual(secondFromShift(shiftOf(T_S, 10), window, 10), undefined);
});

Deno.test("timeKey() repeats the digits of the second to the length of the key", () => {
  strictEqual(toHex(timeKey(T_S)), toHex(utf8("4529645296452964")));
  strictEqual(timeKey(T_S, 24).length, 24);
  strictEqual(timeKey(T_S, 32).length, 32);
  deepStrictEqual(timeKey(T_S + 86_400), timeKey(T_S));
});

Deno.test("aesPaperOpen() finds the second, and the whole packet with it", () => {
  const sealed = aesPaperSeal(TEXT, T_S);
  strictEqual(sealed.length, 32);
  deepStrictEqual(aesPaperOpen(sealed, linearSeries(T_S - 10, 10)), {
    t_s: T_S,
    trials: 21,
    text: TEXT,
  });
  strictEqual(aesPaperOpen(sealed, linearSeries(T_S + 11, 10)), undefined);
  strictEqual(textOf(aesPaperDecrypt(sealed, timeRoundKeys(T_S))), TEXT);
});

Deno.test("crc16() is the frame check sequence of HDLC", () => {
  // The check value of CRC-16/X-25 (IBM-SDLC) for "123456789".
  strictEqual(crc16(utf8("123456789")), 0x906e);
});

Deno.test("checkFits() passes a random packet with probability 2^-b", () => {
  const chance = seeded(16);
  const passed = [0, 0, 0];
  const n = 20_000;
  for (let i = 0; i < n; i++) {
    const bytes = chance.bytes(32);
    [1, 4, 8].forEach((bits, j) => passed[j]! += checkFits(bytes, bits) ? 1 : 0);
  }
  const errors = [1, 4, 8].map((bits, j) => {
    const p = 2 ** -bits;
    return (passed[j]! - n * p) / Math.sqrt(n * p * (1 - p));
  });
  ok(errors.every((error) => Math.abs(error) < 4.5), errors.join());
});

Deno.test("checkDifference() is 0 for a sealed packet and not for a changed one", () => {
  const roundKeys = timeRoundKeys(T_S);
  const good = aesPaperDecrypt(aesPaperSeal(TEXT, T_S), roundKeys);
  strictEqual(checkDifference(good), 0);
  for (let i = 0; i < good.length * 8; i++) {
    const bad = good.slice();
    bad[i >> 3]! ^= 1 << (i & 7);
    ok(checkDifference(bad) !== 0, `bit ${i}`);
  }
});

Deno.test("seeded() repeats itself, tells streams apart, and is uniform, normal and exponential", () => {
  const n = 20_000;
  const take = (...seeds: [number, ...number[]]) => {
    const chance = seeded(...seeds);
    return Array.from({ length: 4 }, () => chance.uniform());
  };
  deepStrictEqual(take(5, 1), take(5, 1));
  ok(take(5, 1)[0] !== take(5, 2)[0]);
  ok(take(5)[0] !== take(6)[0]);
  const chance = seeded(9);
  const mean = (draw: () => number) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += draw();
    return sum / n;
  };
  ok(Math.abs(mean(() => chance.uniform()) - 0.5) < 0.01);
  ok(Math.abs(mean(() => chance.normal())) < 0.035);
  ok(Math.abs(mean(() => chance.normal() ** 2) - 1) < 0.05);
  ok(Math.abs(mean(() => chance.exponential()) - 1) < 0.035);
  ok(Math.abs(mean(() => chance.integer(3, 5)) - 4) < 0.03);
});
