import assert from "node:assert/strict";
import { baudCharacterOf, parseIdentification } from "../../../protocol/iec62056/identification.ts";

Deno.test("parseIdentification() tells mode, speed, option and reaction time", () => {
  const c = parseIdentification("/ELS5\\@V9.30 ")!;
  assert.deepEqual([c.manufacturer, c.mode, c.baud, c.option, c.reaction_ms], [
    "ELS",
    "C",
    9_600,
    "@",
    200,
  ]);
  const e = parseIdentification("/ACE0\\3k260V01.18")!;
  assert.deepEqual([e.mode, e.baud, e.option], ["C", 300, "3"]);
  const b = parseIdentification("/ABCDmeter")!;
  assert.deepEqual([b.mode, b.baud, b.option], ["B", 4_800, null]);
  const a = parseIdentification("/ABC meter")!;
  assert.deepEqual([a.mode, a.baud], ["A", null]);
  assert.equal(parseIdentification("/ISk5\\2MT382-1000")!.reaction_ms, 20);
});

Deno.test("parseIdentification() refuses what is no identification", () => {
  for (
    const line of [
      "",
      "/",
      "/?!",
      "/AB5x",
      "ABC5x",
      "/A1C5x",
      "/ABC",
      "/ABC5\x02",
      "/ABC5" + "x".repeat(61),
    ]
  ) {
    assert.equal(parseIdentification(line), null, JSON.stringify(line));
  }
});

Deno.test("baudCharacterOf() is null when the standard has no character for the speed", () => {
  assert.equal(baudCharacterOf(300), "0");
  assert.equal(baudCharacterOf(19_200), "6");
  assert.equal(baudCharacterOf(115_200), null);
});
