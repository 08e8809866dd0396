import assert from "node:assert/strict";
import { createPaint, wantsColour } from "../../../streams/terminal/colour.ts";
import { counted } from "../../../streams/terminal/counted.ts";
import { bar, createProgress } from "../../../streams/terminal/progress.ts";
import { nearest } from "../../../streams/terminal/suggest.ts";
import { displayWidth, formatTable } from "../../../streams/terminal/table.ts";

const terminal = { isTerminal: () => true };
const file = { isTerminal: () => false };

Deno.test("wantsColour() is for terminals only, and never against NO_COLOR", () => {
  assert.equal(wantsColour(terminal, "", "xterm"), true);
  assert.equal(wantsColour(terminal, "1", "xterm"), false);
  assert.equal(wantsColour(terminal, "", "dumb"), false);
  assert.equal(wantsColour(file, "", "xterm"), false);
});

Deno.test("createPaint() leaves the text as it is when colour is off", () => {
  assert.equal(createPaint(false)("red", "text"), "text");
  assert.equal(createPaint(true)("red", "text"), "\x1b[31mtext\x1b[39m");
});

Deno.test("formatTable() aligns columns, Marathi and colour included", () => {
  const text = formatTable(
    [{ title: "name" }, { title: "kWh", align: "right" }],
    [["महाराष्ट्र", "7"], [createPaint(true)("green", "ok"), "1234"]],
  );
  const lines = text.split("\n");
  assert.equal(new Set(lines.map(displayWidth)).size, 1, text);
  assert.match(lines[1]!, / {4}7$/);
});

Deno.test("formatTable() cuts the widest flexible column when the terminal is narrow", () => {
  const columns = [{ title: "id" }, { title: "reason", flexible: true }];
  const text = formatTable(columns, [["MH1", "a long reason that does not fit"]], { width: 20 });
  assert.deepEqual(text.split("\n"), ["id   reason", "MH1  a long reason…"]);
  assert.ok(text.split("\n").every((line) => displayWidth(line) <= 20));
});

Deno.test("formatTable() keeps a cell with line breaks on one line", () => {
  assert.equal(formatTable([{ title: "a" }], [["x\n  y"]]).split("\n").length, 2);
});

Deno.test("createProgress() draws on a terminal and writes plain lines elsewhere", () => {
  const drawnTo = (isTerminal: boolean) => {
    let text = "";
    let now_ms = 0;
    const progress = createProgress(
      { terminal: isTerminal, write: (part) => text += part },
      () => now_ms,
    );
    progress.stage("computing");
    for (let done = 1; done <= 100; done++) {
      now_ms += 10;
      progress.update(done, 100, "bills");
    }
    progress.end();
    return text;
  };
  assert.equal(drawnTo(false), "computing\n");
  const drawn = drawnTo(true);
  assert.match(drawn, /100\/100 bills/);
  assert.ok(drawn.split("\r").length < 20, "drawn too often");
  assert.ok(drawn.endsWith("\r\x1b[2K"));
});

Deno.test("bar() stays within its frame whatever it is told", () => {
  assert.equal(bar(5, 0), `[${".".repeat(28)}] 5/0`);
  assert.equal(bar(9, 3), `[${"#".repeat(28)}] 9/3`);
});

Deno.test("nearest() forgives a slip and does not guess wildly", () => {
  assert.equal(nearest("tarif quote", ["tariff quote", "tariff show"]), "tariff quote");
  assert.equal(nearest("raed", ["read", "list"]), "read");
  assert.equal(nearest("invoice", ["read", "list"]), undefined);
});

Deno.test("counted() says one thing and several things", () => {
  assert.deepEqual([0, 1, 2].map((n) => counted(n, "bill")), ["0 bills", "1 bill", "2 bills"]);
});
