import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Known,
  mayBeCarried,
  nextKey,
  retireBefore,
  stateOf,
  type Way,
  type Wish,
  withNextKey,
} from "../../../actors/enrolment/next_key.ts";
import { TerminalError } from "../../../protocol/errors.ts";
import { GENERATIONS_KEPT, type WrappedKey } from "../../../protocol/messages/enrolment.ts";

const DAY_MS = 86_400_000;
const TODAY = 20_728;
const NOW_MS = TODAY * DAY_MS + 5;

/** `3` went over the air, `3h` goes by hand, `3x` is retired, `3+` begins tomorrow. */
function keysOf(words: string): WrappedKey[] {
  return words.split(" ").map((word) => ({
    generation: parseInt(word, 10),
    enrolment_day: TODAY + (word.includes("+") ? 1 : 0),
    wrapped_key: "00".repeat(60),
    ...(word.includes("h") ? { by_hand: true as const } : {}),
    ...(word.includes("x") ? { not_after_ms: NOW_MS - 1 } : {}),
  }));
}

const wordsOf = (keys: readonly WrappedKey[]) =>
  keys.map(({ generation, by_hand, not_after_ms, enrolment_day }) =>
    generation + (by_hand ? "h" : "") + (not_after_ms === undefined ? "" : "x") +
    (enrolment_day > TODAY ? "+" : "")
  ).join(" ");

function freshOf(generation: number, way: Way, now_ms: number): WrappedKey {
  const [key] = keysOf(way === "hand" ? `${generation}h` : `${generation}`);
  return { ...key!, enrolment_day: Math.floor(now_ms / DAY_MS) };
}

/** The keys after a wish, and what it came to, in words: `3`, `again 3`, `3 under 2`. */
function wished(words: string, in_use: number, { way, ...more }: Partial<Wish> & { way: Way }) {
  const keys = keysOf(words);
  const known: Known = { in_use, now_ms: NOW_MS };
  const wish = { way, retire_old: false, file_lost: false, ...more };
  try {
    const next = nextKey({ meter_id: "M1", keys }, wish, known);
    const fresh = next.isNew ? freshOf(next.generation, way, NOW_MS) : undefined;
    const under = next.under === undefined ? "" : ` under ${next.under}`;
    return [
      wordsOf(withNextKey(keys, next, fresh, known)),
      `${next.isNew ? "" : "again "}${next.generation}${under}`,
    ];
  } catch (error) {
    return [words, /^Meter M1:? (.*)$/.exec((error as Error).message)![1]!.slice(0, 34)];
  }
}

const air = { way: "air" } as const;
const hand = { way: "hand" } as const;
const theft = { ...hand, retire_old: true };
const lost = { file_lost: true };

/** Keys before, the generation in use, the wish; keys after, and what it came to. */
const TABLE: [string, number, Partial<Wish> & { way: Way }, string, string][] = [
  // None waits.
  ["0", -1, air, "0 1", "1 under 0"],
  ["0", -1, hand, "0 1h", "1"],
  ["0", 0, air, "0 1", "1 under 0"],
  ["0 1", 1, air, "0 1 2", "2 under 1"],
  ["0 1h", 1, air, "0 1h 2", "2 under 1"],
  ["0 1h", 1, hand, "0 1h 2h", "2"],
  ["0 1", 1, theft, "0x 1x 2h", "2"],
  ["0 1", 1, { ...theft, ...lost }, "0x 1x 2h", "2"],
  // One was sent: over the air it comes again; by hand it is given up.
  ["0 1", 0, air, "0 1", "again 1 under 0"],
  ["0 1", 0, { ...air, ...lost }, "0 1", "again 1 under 0"],
  ["0 1", 0, hand, "0 1x 2h", "2"],
  ["0 1", 0, theft, "0x 1x 2h", "2"],
  ["0 1", -1, hand, "0 1x 2h", "2"],
  // One is in a file: by hand it comes again, and it is never sent as well.
  ["0 1h", 0, hand, "0 1h", "again 1"],
  ["0 1h", 0, theft, "0x 1h", "again 1"],
  ["0 1h", 0, air, "0 1h", "key generation 1 waits in a key fil"],
  ["0 1h", -1, air, "0 1h", "key generation 1 waits in a key fil"],
  ["0 1h", 0, { ...hand, ...lost }, "0 1hx 2h", "2"],
  ["0 1h", 0, { ...theft, ...lost }, "0x 1hx 2h", "2"],
  ["0 1h", 0, { ...air, ...lost }, "0 1hx 2", "2 under 0"],
  // What was given up is never wrapped under: the slave has the one in use.
  ["0 1x 2h", 0, { ...air, ...lost }, "0 1x 2hx 3", "3 under 0"],
  ["0 1x 2h", -1, { ...air, ...lost }, "0 1x 2hx 3", "3 under 0"],
  ["0 1x", 0, air, "0 1x 2", "2 under 0"],
  // Nothing is wrapped under a retired one.
  ["0x 1h", 0, air, "0x 1h", "its present key is retired and may"],
  ["0x 1h", 0, { ...air, ...lost }, "0x 1h", "its present key is retired and may"],
  ["0x 1h", -1, { ...air, ...lost }, "0x 1h", "its present key is retired and may"],
  ["0x 1x 2h", 1, { ...air, ...lost }, "0x 1x 2h", "its present key is retired and may"],
  ["0x", 0, air, "0x", "its present key is retired and may"],
  // The view of the masters is lost: over the air the older ones are retired when the newest works.
  ["0x 1", -1, air, "0x 1 2", "2 under 1"],
  ["0x 1", -1, theft, "0x 1x 2h", "2"],
  // The clock was ahead when it was made.
  ["0 1+", 0, air, "0 1x+ 2", "2 under 0"],
  ["0 1h+", 0, hand, "0 1hx+ 2h", "2"],
  ["0 1h+", 0, air, "0 1hx+ 2", "2 under 0"],
  ["0+", -1, air, "0+", "its present key begins on a day th"],
  ["0+", -1, hand, "0+ 1h", "1"],
  // The one in use is not dropped.
  ["3 4 5 6", 6, air, "4 5 6 7", "7 under 6"],
  ["3 4x 5x 6", 3, hand, "3 5x 6x 7h", "7"],
  ["3 4x 5hx 6x", -1, hand, "3 5hx 6x 7h", "7"],
  // Enrolled anew while the masters remember a later generation.
  ["0", 3, hand, "0 4h", "4"],
  ["0", 3, air, "0", "it seals with generation 3, whose "],
  // The end.
  ["254 255", 255, hand, "254 255", "has used its last key generation, 2"],
  ["254 255", 254, air, "254 255", "again 255 under 254"],
];

Deno.test("nextKey() does what the table of states and wishes says", () => {
  for (const [words, in_use, wish, after, came] of TABLE) {
    const name = `${words}, in use ${in_use}, ${JSON.stringify(wish)}`;
    assert.deepEqual(wished(words, in_use, wish), [after, came.slice(0, 34)], name);
  }
});

Deno.test("mayBeCarried() is said of keys that never went over the air, and serve", () => {
  const carried = keysOf("0 0x 0+ 1 1h 1hx 1h+").filter((key) => mayBeCarried(key, NOW_MS));
  assert.equal(wordsOf(carried), "0 1h");
});

Deno.test("retireBefore() retires once, and stateOf() tells the states", () => {
  const { retired, keys } = retireBefore(keysOf("0x 1 2 3"), 3, NOW_MS);
  assert.deepEqual([retired, wordsOf(keys)], [[1, 2], "0x 1x 2x 3"]);
  assert.equal(keys[0]!.not_after_ms, NOW_MS - 1);
  const states = keysOf("0x 1 2 3").map((key) => stateOf(key, 2));
  assert.deepEqual(states, ["retired", "replaced", "in use", "waiting"]);
});

type Move =
  | { readonly wish: Wish }
  | { readonly used: true }
  | { readonly viewLost: boolean }
  | { readonly days: number };

const move: fc.Arbitrary<Move> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      wish: fc.record({
        way: fc.constantFrom<Way>("air", "hand"),
        retire_old: fc.boolean(),
        file_lost: fc.boolean(),
      }),
    }),
  },
  { weight: 2, arbitrary: fc.constant({ used: true as const }) },
  { weight: 1, arbitrary: fc.record({ viewLost: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ days: fc.integer({ min: -8, max: 8 }) }) },
);

Deno.test("nextKey() keeps its promises whatever is wished in whatever order", () => {
  fc.assert(
    fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
      let keys = keysOf("0");
      let [seals, isViewLost, now_ms] = [0, false, NOW_MS];
      const ways = new Map<number, Way>();
      for (const one of moves) {
        const newest = keys.at(-1)!;
        if ("days" in one) now_ms += one.days * DAY_MS;
        else if ("viewLost" in one) isViewLost = one.viewLost;
        else if ("used" in one) {
          if (newest.not_after_ms === undefined) seals = newest.generation;
        } else {
          // A view that was lost says nothing; the meter goes on with its key.
          const known = { in_use: isViewLost ? -1 : seals, now_ms };
          const today = Math.floor(now_ms / DAY_MS);
          let next;
          try {
            next = nextKey({ meter_id: "M1", keys }, one.wish, known);
          } catch (error) {
            assert.ok(error instanceof TerminalError, String(error));
            continue;
          }
          const { way } = one.wish;
          const fresh = next.isNew ? freshOf(next.generation, way, now_ms) : undefined;
          const under = keys.find(({ generation }) => generation === next.under);
          assert.equal(
            next.isNew,
            next.generation > newest.generation,
            "no generation comes twice",
          );
          keys = withNextKey(keys, next, fresh, known);
          const given = keys.at(-1)!;
          assert.equal(given.generation, next.generation);
          assert.equal(given.not_after_ms, undefined, "what is handed out is not retired");
          assert.ok(given.enrolment_day <= today, "its chain begins today at the latest");
          assert.equal(ways.get(next.generation) ?? way, way, "a key has one way for good");
          ways.set(next.generation, way);
          assert.equal(under !== undefined, way === "air");
          if (under) assert.equal(under.not_after_ms, undefined, "under a retired one");
          if (under) assert.ok(under.enrolment_day <= today && under.generation < next.generation);
          assert.ok(keys.length <= GENERATIONS_KEPT);
          if (isViewLost) continue;
          const waiting = keys.filter((key) => stateOf(key, seals) === "waiting");
          assert.ok(waiting.length <= 1, "one waits at a time");
          assert.ok(keys.some((key) => key.generation === seals), "the one in use is kept");
        }
      }
    }),
    { numRuns: 3_000, seed: 12 },
  );
});
