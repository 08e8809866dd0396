/** The text format of COPY: every kind of value, and the characters that mean something in it. */
import assert from "node:assert/strict";
import { copyText } from "../../../streams/database/copy_text.ts";

const textOf = (rows: Parameters<typeof copyText>[0]) => new TextDecoder().decode(copyText(rows));

Deno.test("copyText() writes a line a row, a tab between columns, and escapes what it must", () => {
  const date = new Date(Date.UTC(2026, 3, 30, 12));
  assert.equal(
    textOf([[1, "a", null, true], [-2.5, "", date, false]]),
    "1\ta\t\\N\tt\n-2.5\t\t2026-04-30T12:00:00.000Z\tf\n",
  );
  assert.equal(textOf([["a\tb\nc\rd\\N"]]), "a\\tb\\nc\\rd\\\\N\n");
  assert.equal(textOf([["\\N", null]]), "\\\\N\t\\N\n");
  assert.equal(textOf([["मीटर"]]), "मीटर\n");
});

Deno.test("copyText() refuses a number that is none", () => {
  assert.throws(() => copyText([[NaN]]), /Not a number for a column: NaN/);
  assert.throws(() => copyText([[Infinity]]), RangeError);
});
