import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { fromHex, toHex } from "../../../protocol/bytes.ts";
import { EdgeKeys, edgeKeyState } from "../../../protocol/tves/edge_keys.ts";
import { HeadEndKeys } from "../../../protocol/tves/keys.ts";
import { dayKey, expand, hourKey } from "./twin.ts";
import { blindGcm } from "./vectors.ts";

const HOUR = 3_600;
const DAY = 86_400;
const input = {
  key: fromHex(blindGcm.key),
  generation: 2,
  enrolmentDay: 20_510,
  meterId: "MH00113978",
};
const enrolled_s = input.enrolmentDay * DAY;
const secondOf = (t_s: number) => toHex(new HeadEndKeys(input).secondKey(t_s)!);
const enrol = (t_s: number) => EdgeKeys.enrol({ ...input, t_s });

/** Everything that a thief derives from `secrets`: each taken for every link that it might be. */
function reachable(secrets: readonly string[]): Set<string> {
  const labels = ["next-day", "hours", "next-hour"].map((label) => `samay/tves/2/${label}`);
  const found = new Set(secrets);
  // Two days of hours forward; what goes only forward finds nothing earlier further on either.
  let edge = [...found];
  for (let depth = 0; depth < 50; depth++) {
    const next: string[] = [];
    for (const secret of edge) {
      for (const label of labels) {
        // A chain of one label is enough after the first steps; all mixtures grow without bound.
        if (depth > 3 && label !== "samay/tves/2/next-hour") continue;
        const derived = expand(fromHex(secret), label, 32).toString("hex");
        if (!found.has(derived)) next.push(derived);
        found.add(derived);
      }
    }
    edge = next;
  }
  return found;
}

Deno.test("EdgeKeys gives the head-end's keys when it goes forward over hours, days and gaps", () => {
  const keys = enrol(enrolled_s + 5);
  for (
    const t_s of [5, 3_599, 3_600, 7_300, 5 * HOUR, DAY - 1, DAY, DAY + 9 * HOUR, 40 * DAY + 77]
  ) {
    keys.advance(enrolled_s + t_s);
    strictEqual(toHex(keys.secondKey(enrolled_s + t_s)), secondOf(enrolled_s + t_s), `${t_s}`);
  }
});

Deno.test("EdgeKeys gives the head-end's keys when it is enrolled days after the key was made", () => {
  const t_s = enrolled_s + 33 * DAY + 17 * HOUR + 1;
  strictEqual(toHex(enrol(t_s).secondKey(t_s)), secondOf(t_s));
});

Deno.test("EdgeKeys refuses to enrol when the clock stands before the key's first day", () => {
  throws(() => enrol(enrolled_s - 1), /set the clock/);
  throws(() => enrol(enrolled_s + 40_000 * DAY), /set the clock/);
});

Deno.test("EdgeKeys keeps the previous hour for 60 s and no longer", () => {
  for (const edge of [enrolled_s + 4 * HOUR, enrolled_s + DAY]) {
    const keys = enrol(edge - 10);
    ok(keys.advance(edge));
    strictEqual(toHex(keys.secondKey(edge - 1)), secondOf(edge - 1));
    strictEqual(keys.advance(edge + 59), false);
    strictEqual(toHex(keys.secondKey(edge - 1)), secondOf(edge - 1));
    strictEqual(keys.advance(edge + 60), true);
    throws(() => keys.secondKey(edge - 1), /erased/);
    strictEqual(keys.state().previous_hour_key, null);
  }
});

Deno.test("EdgeKeys has no previous hour when it wakes after midnight and missed the last hour", () => {
  for (const days of [1, 2, 30]) {
    const keys = enrol(enrolled_s + 22 * HOUR + 1_800);
    const midnight_s = enrolled_s + days * DAY;
    keys.advance(midnight_s + 30);
    strictEqual(keys.state().previous_hour_key, null);
    throws(() => keys.secondKey(midnight_s - 1), /erased/);
    throws(() => keys.secondKey(enrolled_s + 22 * HOUR + 1_800), /erased/);
  }
});

Deno.test("EdgeKeys does not go back when it is advanced to an earlier second", () => {
  const keys = enrol(enrolled_s + 10 * HOUR);
  keys.advance(enrolled_s + 12 * HOUR + 100);
  const before = keys.state();
  strictEqual(keys.advance(enrolled_s + 5 * HOUR), false);
  deepStrictEqual(keys.state(), before);
  throws(() => keys.secondKey(enrolled_s + 5 * HOUR), /erased/);
  throws(() => keys.secondKey(enrolled_s + 13 * HOUR), /not been brought forward/);
});

Deno.test("EdgeKeys refuses to follow a clock into an absurd future", () => {
  const keys = enrol(enrolled_s);
  const before = keys.state();
  throws(() => keys.advance(enrolled_s + 40_000 * DAY), /set the clock/);
  throws(() => keys.advance(NaN), /set the clock/);
  deepStrictEqual(keys.state(), before);
});

Deno.test("EdgeKeys goes on when its state is stored as JSON and restored", () => {
  const t_s = enrolled_s + 2 * DAY + 7 * HOUR + 30;
  const stored = edgeKeyState.parse(JSON.parse(JSON.stringify(enrol(t_s).state())));
  const keys = EdgeKeys.restore(stored);
  deepStrictEqual(keys.state(), stored);
  strictEqual(toHex(keys.secondKey(t_s)), secondOf(t_s));
  strictEqual(toHex(keys.secondKey(t_s - 31)), secondOf(t_s - 31));
  keys.advance(t_s + DAY);
  strictEqual(toHex(keys.secondKey(t_s + DAY)), secondOf(t_s + DAY));
});

Deno.test("EdgeKeys.state() lets nothing earlier be derived when it is stolen", () => {
  const t_s = enrolled_s + 3 * DAY + 9 * HOUR + 61;
  const keys = enrol(enrolled_s + 100);
  for (let at = enrolled_s + 100; at <= t_s; at += 50) keys.advance(at);
  keys.advance(t_s);
  const { hour, hour_key, previous_hour_key, next_day_key } = keys.state();
  strictEqual(previous_hour_key, null);
  strictEqual(Math.floor(t_s / HOUR), hour);
  const loot = reachable([hour_key, next_day_key]);
  const day = Math.floor(t_s / DAY);
  // What must be in reach, or the search proves nothing: the rest of today and all of tomorrow.
  for (let k = 9; k < 24; k++) ok(loot.has(hourKey(input, day, k).toString("hex")));
  for (let k = 0; k < 24; k++) ok(loot.has(hourKey(input, day + 1, k).toString("hex")));
  // What must not: the root, every day key up to today's, every hour before this one.
  ok(!loot.has(blindGcm.key));
  for (let d = input.enrolmentDay; d <= day; d++) {
    ok(!loot.has(dayKey(input, d).toString("hex")), `day ${d}`);
    for (let k = 0; k < (d === day ? 9 : 24); k++) {
      ok(!loot.has(hourKey(input, d, k).toString("hex")), `day ${d} hour ${k}`);
    }
  }
});
