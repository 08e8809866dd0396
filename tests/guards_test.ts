/** What docs/guards.md promises is there: each mechanism, each test, and the page itself. */
import assert from "node:assert/strict";
import { guardsPage } from "./guards/page.ts";
import { occurrences } from "./guards/sabotage.ts";
import { run } from "./guards/run.ts";
import { guardTables } from "./guards/tables.ts";

const ROOT = new URL("../", import.meta.url);
const read = (file: string) => Deno.readTextFileSync(new URL(file, ROOT));

/** Text without what a formatter may change: breaks, runs of blanks and dashes, quotes. */
const words = (text: string) => text.replaceAll(/[\s\\]+/g, " ").replaceAll(/-{3,}/g, "---");

/** What `testOnEachDatabase()` adds to the name of a room. */
const EMBEDDED = " on the embedded database";

/** The words of a test file and of those beside it, since a table of cases may give the names. */
function told(test: string): string {
  const folder = test.slice(0, test.lastIndexOf("/") + 1);
  const beside = [...Deno.readDirSync(new URL(folder, ROOT))].map(({ name }) => folder + name)
    .filter((file) => file.endsWith(".ts"));
  return words([test, ...beside].map(read).join("\n"));
}

Deno.test("every guard names text that stands once in its file and a test that is there", async () => {
  for (const [room, guards] of await guardTables()) {
    for (const { rule, file, find, replace, test, name } of guards) {
      assert.equal(occurrences(read(file), find), 1, `${room}: ${rule}: "${find}" in ${file}`);
      assert.notEqual(find, replace, `${room}: ${rule}`);
      const given = name.endsWith(EMBEDDED) ? name.slice(0, -EMBEDDED.length) : name;
      assert.ok(told(test).includes(words(given)), `${room}: ${rule}: "${name}" in ${test}`);
    }
  }
});

Deno.test("docs/guards.md is the page that the tables make", async () => {
  const page = words(guardsPage(await guardTables()));
  assert.equal(words(read("docs/guards.md")), page, "write it anew: deno task guards --page");
});

Deno.test("deno task guards says in one line what is wrong, with exit code 2", async () => {
  const said: string[] = [];
  const { error, log } = console;
  console.error = console.log = (text: string) => void said.push(text);
  try {
    const codes = [];
    const calls = [["--help"], ["--room", "nosuch"], ["--only", "nosuchrule"], ["--bad"]];
    for (const words of calls) codes.push(await run(words));
    assert.deepEqual(codes, [0, 2, 2, 2]);
  } finally {
    Object.assign(console, { error, log });
  }
  assert.match(said[0]!, /^Usage: deno task guards/);
  assert.match(said[1]!, /^guards: there is no room nosuch: it is one of .*lab.*; see: [^\n]*$/);
  assert.match(said[2]!, /^guards: no rule has the text "nosuchrule"; /);
  assert.match(said[3]!, /^guards: Unknown option '--bad'/);
});
