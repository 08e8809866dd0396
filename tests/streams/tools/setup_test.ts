import assert from "node:assert/strict";
import { createProgress } from "../../../streams/terminal/progress.ts";
import { execute } from "../../../streams/tools/execute.ts";
import { gatherFacts } from "../../../streams/tools/facts.ts";
import { withLock } from "../../../streams/tools/lock.ts";
import { projectDir } from "../../../streams/tools/places.ts";
import { setUp } from "../../../streams/tools/setup.ts";
import { countResults, partLines, readJUnit } from "../../../streams/tools/test_report.ts";

// Where something is missing the set-up would go and get it: not what a test should wait for.
const complete = (await gatherFacts())
  .filter(({ part }) => /^(?:nats|fonts|AVR)/.test(part)).every(({ ok }) => ok);

Deno.test({
  name: "setUp() takes less than a second and says nothing when all is there",
  ignore: !complete,
  async fn() {
    let said = "";
    const progress = createProgress({ terminal: false, write: (text) => said += text });
    const start_ms = performance.now();
    const results = await setUp(progress);
    const taken_ms = performance.now() - start_ms;
    assert.deepEqual(results.map(({ part, ok }) => [part, ok]), [
      ["fonts", true],
      ["modules", true],
      ["nats-server", true],
      ["nats", true],
      ["AVR toolchain, simavr", true],
    ]);
    assert.equal(said, "");
    assert.ok(taken_ms < 1_000, `${taken_ms} ms`);
  },
});

Deno.test("gatherFacts() says how to get each part, and where the parts that are there lie", async () => {
  const facts = await gatherFacts();
  for (const { part, ok, remedy, where } of facts) {
    assert.ok(remedy !== "", part);
    if (ok) assert.ok(where !== "", part);
  }
  const deno = facts.find(({ part }) => part === "Deno");
  assert.equal(deno?.version, Deno.version.deno);
});

Deno.test("withLock() lets one set-up work at a time", async () => {
  const folder = await Deno.makeTempDir();
  const events: string[] = [];
  let waited = 0;
  const job = (name: string) =>
    withLock(folder, () => waited++, async () => {
      events.push(`${name} in`);
      await new Promise((resolve) => setTimeout(resolve, 700));
      events.push(`${name} out`);
    });
  await Promise.all([job("a"), job("b")]);
  assert.deepEqual(events.map((event) => event.split(" ")[1]), ["in", "out", "in", "out"]);
  assert.equal(waited, 1);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("execute() ends a program that takes too long, and bears one that is missing", async () => {
  const slow = await execute("sleep", ["30"], { limit_ms: 100 });
  assert.equal(slow.ok, false);
  assert.match(slow.lastLine, /no end after 0\.1 s/);
  const missing = await execute("no-such-program", [], { limit_ms: 1_000 });
  assert.equal(missing.ok, false);
  assert.ok(missing.lastLine.length > 0);
});

Deno.test("countResults() adds up result lines, coloured or not, and knows when there is none", () => {
  const output = [
    "\x1b[32mok\x1b[0m | 12 passed (3 steps) | 0 failed | 2 ignored (5s)",
    "something | 99 passed",
    "FAILED | 1 passed | 2 failed (1 step) (10ms)",
    "ok | 0 passed | 0 failed | 1 ignored | 3 filtered out (2ms)",
  ].join("\n");
  assert.deepEqual(countResults(output), { passed: 13, failed: 2, ignored: 3 });
  assert.equal(countResults("error: Type checking failed."), undefined);
});

Deno.test("partLines() says which parts ran, from a report of deno test itself", async () => {
  const folder = await Deno.makeTempDir();
  const source = `
    Deno.test("opens a <frame> & \\"more\\"", () => {});
    Deno.test({ name: "the ledger on PostgreSQL", ignore: true, fn() {} });
    Deno.test("firmware counts pulses", () => {});`;
  await Deno.writeTextFile(`${folder}/some_test.ts`, source);
  const ran = await execute(
    Deno.execPath(),
    ["test", "--no-check", "--no-config", `--junit-path=${folder}/r.xml`, `${folder}/some_test.ts`],
    { limit_ms: 60_000, env: { NO_COLOR: "1" } },
  );
  assert.ok(ran.ok, ran.lastLine);
  assert.deepEqual(countResults(ran.stdout), { passed: 2, failed: 0, ignored: 1 });
  const cases = readJUnit(await Deno.readTextFile(`${folder}/r.xml`));
  assert.deepEqual(cases.map(({ name, outcome }) => [name, outcome]), [
    ['opens a <frame> & "more"', "ran"],
    ["the ledger on PostgreSQL", "skipped"],
    ["firmware counts pulses", "ran"],
  ]);
  assert.deepEqual(partLines(cases), [
    "firmware on the simulated ATmega328P: 1 ran",
    "PostgreSQL: 0 ran, 1 skipped (needs a PostgreSQL server: deno task doctor)",
    "chronyd: no tests",
    "nats CLI: no tests",
  ]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("each task grants what its role needs and never everything", () => {
  const { tasks } = JSON.parse(Deno.readTextFileSync(`${projectDir}deno.json`));
  for (const [name, task] of Object.entries<{ command: string }>(tasks)) {
    assert.doesNotMatch(task.command, /(?:^|\s)(?:-A|--allow-all)\b/, name);
  }
  for (const role of ["slave", "master", "billing"]) {
    assert.doesNotMatch(tasks[role].command, /--allow-run/, `${role} starts no program`);
    assert.doesNotMatch(tasks[role].command, /--allow-(?:sys|ffi)(?:\s|$)/, role);
    // The slave alone: Deno lets a program use a serial port's descriptor only with all of both.
    if (role === "slave") continue;
    assert.doesNotMatch(tasks[role].command, /--allow-(?:read|write)(?:\s|$)/, role);
  }
});
