import assert from "node:assert/strict";
import { RetryableError, TerminalError } from "../../../protocol/errors.ts";
import { type Command, Failure, UsageError } from "../../../streams/terminal/command.ts";
import { parseCommandLine } from "../../../streams/terminal/parse.ts";
import { runProgram } from "../../../streams/terminal/program.ts";
import { groups, type Registry, registry } from "../../../streams/terminal/registry.ts";

function command(name: string, run: Command["run"] = () => Promise.resolve(0)): Command {
  return {
    name,
    summary: `Tests ${name}`,
    positionals: { usage: "HOST[:PORT]", min: 1, max: 1 },
    options: {
      baud: { type: "string", short: "b", default: "300", placeholder: "N", help: "Speed" },
      kwh: { type: "string", help: "Energy" },
      json: { type: "boolean", help: "As JSON" },
      fac: { type: "string", multiple: true, help: "Rate" },
    },
    help: "Example\n  samay meter read /dev/ttyUSB0",
    run,
  };
}

function registryOf(...commands: Command[]): Registry {
  return Object.fromEntries(commands.map((one) => [one.name, {
    summary: one.summary,
    load: () => Promise.resolve({ command: one }),
  }]));
}

/** Runs `words` and returns the exit code and both streams. */
async function call(words: string[], of: Registry, debug = false) {
  const out: string[] = [];
  const error: string[] = [];
  const code = await runProgram(words, {
    registry: of,
    out: (text) => out.push(text),
    error: (text) => error.push(text),
    debug,
  });
  return { code, out: out.join("\n"), error: error.join("\n") };
}

const one = registryOf(command("meter read"), command("meter list"), command("doctor"));

Deno.test("runProgram() hands options and arguments to the command and returns its code", async () => {
  let given: unknown;
  const of = registryOf(command("meter read", (parsed) => {
    given = parsed;
    return Promise.resolve(3);
  }));
  const { code, error } = await call(
    ["meter", "read", "host", "-b", "9600", "--json", "--fac", "1", "--fac=2"],
    of,
  );
  assert.deepEqual([code, error], [3, ""]);
  assert.deepEqual(JSON.parse(JSON.stringify(given)), {
    values: { baud: "9600", json: true, fac: ["1", "2"] },
    positionals: ["host"],
  });
});

Deno.test("runProgram() shows the overview and teaches commands, groups and options", async () => {
  const overview = await call(["--help"], registry);
  assert.equal(overview.code, 0);
  for (const name of Object.keys(registry)) assert.ok(overview.out.includes(name), name);
  const version = await call(["--version"], one);
  assert.equal(version.code, 0);
  assert.match(version.out, /^samay .*deno \d/);
  const alone = await call(["meter"], one);
  assert.equal(alone.code, 2);
  assert.match(alone.out, /meter read +Tests meter read/);
  const group = await call(["meter", "--help"], one);
  assert.equal(group.code, 0);
  assert.match(group.out, /meter read +Tests meter read/);
  for (const words of [["meter", "read", "--help"], ["help", "meter", "read"]]) {
    const { code, out } = await call(words, one);
    assert.equal(code, 0);
    assert.match(out, /Usage: samay meter read HOST\[:PORT\] \[options\]/);
    assert.match(out, /-b, --baud N +Speed \(default: 300\)/);
    assert.match(out, /--fac VALUE +Rate \(may be given more than once\)/);
    assert.match(out, /samay meter read \/dev\/ttyUSB0/);
  }
  assert.equal((await call([], one)).code, 2);
});

Deno.test("runProgram() exits with 2 and one line that says what to do when called wrongly", async () => {
  const wrong: [string[], RegExp][] = [
    [["meter", "raed", "host"], /no command "meter raed"; did you mean: samay meter read\?/],
    [["docter"], /no command "docter"; did you mean: samay doctor\?/],
    [["metre", "read"], /did you mean: samay meter read\?/],
    [["quite-another"], /no command "quite-another"; see: samay --help/],
    [["meter", "explode"], /no command "meter explode"; see: samay meter --help/],
    [["--verbose"], /no command "--verbose"/],
    [["meter", "read"], /needs HOST\[:PORT\]: samay meter read HOST\[:PORT\]/],
    [["meter", "read", "a", "b"], /takes HOST\[:PORT\], "b" is too much/],
    [["meter", "read", "a", "--buad", "9"], /no option --buad; did you mean --baud\?/],
    [["meter", "read", "a", "--zzzzzz"], /no option --zzzzzz; see: samay meter read --help/],
    [["meter", "read", "a", "--baud"], /--baud needs a value: --baud N/],
    [["meter", "read", "a", "--json=yes"], /--json takes no value/],
    [["meter", "read", "a", "-x"], /no option -x/],
  ];
  for (const [words, expected] of wrong) {
    const { code, out, error } = await call(words, one);
    assert.equal(code, 2, words.join(" "));
    assert.equal(out, "");
    assert.match(error, expected);
    assert.equal(error.split("\n").length, 1, error);
  }
});

Deno.test("runProgram() tells every kind of failure in one line, with its exit code", async () => {
  const kinds: [Error, number, RegExp][] = [
    [new UsageError("no such month"), 2, /^samay: no such month$/],
    [new Failure("the broker is away"), 1, /^samay: the broker is away$/],
    [new TerminalError("bad\n  frame"), 1, /^samay: bad frame$/],
    [new RetryableError("database down"), 1, /^samay: database down$/],
    [new TypeError("x is undefined"), 1, /^samay: x is undefined \(SAMAY_DEBUG=1 shows where\)$/],
  ];
  for (const [thrown, exit, expected] of kinds) {
    const of = registryOf(command("doctor", () => Promise.reject(thrown)));
    const { code, error } = await call(["doctor", "host"], of);
    assert.equal(code, exit);
    assert.match(error, expected);
  }
});

Deno.test("runProgram() shows where an unexpected error came from only when asked", async () => {
  const of = registryOf(command("doctor", () => Promise.reject(new TypeError("broken"))));
  assert.doesNotMatch((await call(["doctor", "x"], of)).error, /program_test/);
  assert.match((await call(["doctor", "x"], of, true)).error, /program_test/);
});

Deno.test("parseCommandLine() lets a negative number reach the command", () => {
  const parsed = parseCommandLine(command("tariff quote"), ["x", "--kwh", "-5", "-b", "-1"]);
  assert.equal(parsed.values["kwh"], "-5");
  assert.equal(parsed.values["baud"], "-1");
});

Deno.test("every registered command loads, is named as registered, and teaches", async () => {
  for (const [name, { load, summary }] of Object.entries(registry)) {
    const { command: loaded } = await load();
    assert.equal(loaded.name, name);
    assert.ok(summary.length > 0 && !summary.endsWith("."), name);
    assert.ok(loaded.help.trim().length > 0, `${name} has no help`);
    const group = name.split(" ").length === 2 ? name.split(" ")[0]! : undefined;
    assert.ok(group === undefined || group in groups, `${name} is in no group`);
  }
});

Deno.test("every file in commands/ is registered under its name", async () => {
  const folder = new URL("../../../streams/terminal/commands/", import.meta.url);
  const known = new Set(Object.keys(registry).map((name) => name.replaceAll(/[ -]/g, "_")));
  for await (const { name } of Deno.readDir(folder)) {
    assert.ok(known.has(name.replace(/\.ts$/, "")), `${name} is not registered`);
  }
});
