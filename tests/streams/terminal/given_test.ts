import assert from "node:assert/strict";
import { UsageError } from "../../../streams/terminal/command.ts";
import { givenId } from "../../../streams/terminal/given_id.ts";
import { overview } from "../../../streams/terminal/help.ts";
import { registry } from "../../../streams/terminal/registry.ts";
import { wholeNumber } from "../../../streams/terminal/whole_number.ts";

Deno.test("wholeNumber() takes decimal digits in the range and nothing else", () => {
  assert.equal(wholeNumber("port", "8021", 1, 0, 65_535), 8_021);
  assert.equal(wholeNumber("port", "007", 1, 0, 65_535), 7);
  assert.equal(wholeNumber("port", undefined, 1, 0, 65_535), 1);
  assert.equal(wholeNumber("port", undefined, undefined, 0, 65_535), undefined);
  for (const text of ["", " ", "1e3", "0x10", "-1", "1.5", "65536", "Infinity", true, " 8"]) {
    assert.throws(
      () => wholeNumber("port", text, 1, 0, 65_535),
      new UsageError(`--port is a whole number from 0 to 65535, not "${text}"`),
    );
  }
});

Deno.test("givenId() names what is no name, cut where it is long", () => {
  assert.equal(givenId("ID", "MH00113978"), "MH00113978");
  const message = "ID is 1 to 32 letters, digits, - or _, not ";
  for (const text of ["", "bad id!", "a.b", "é"]) {
    assert.throws(() => givenId("ID", text), new UsageError(`${message}"${text}"`));
  }
  assert.throws(
    () => givenId("ID", "x".repeat(999)),
    new UsageError(`${message}"${"x".repeat(64)}..."`),
  );
});

Deno.test("overview() shows a command that is the first word of others together with them", () => {
  const text = overview(registry, (_style, words) => words);
  assert.match(text, /\n\nThe paper's experiment\n {2}lab +Runs .*\n {2}lab aes +Walks .*\n\n/);
  assert.equal(text.match(/\n {2}lab /g)?.length, 2);
});
