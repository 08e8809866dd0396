/** What docs/guards.md promises is there: each mechanism, each test, and the page itself. */
import assert from "node:assert/strict";
import { guardsPage } from "./guards/page.ts";
import { occurrences } from "./guards/sabotage.ts";
import { guardTables } from "./guards/tables.ts";

const ROOT = new URL("../", import.meta.url);
const read = (file: string) => Deno.readTextFileSync(new URL(file, ROOT));

/** Text without what a formatter may change: breaks, runs of blanks and dashes, quotes. */
const words = (text: string) => text.replaceAll(/[\s\\]+/g, " ").replaceAll(/-{3,}/g, "---");

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
      assert.ok(told(test).includes(words(name)), `${room}: ${rule}: "${name}" in ${test}`);
    }
  }
});

Deno.test("docs/guards.md is the page that the tables make", async () => {
  const page = words(guardsPage(await guardTables()));
  assert.equal(words(read("docs/guards.md")), page, "write it anew: deno task guards --page");
});
