/** The structure of the sources, asserted; and each rule tried on a planted breach. */
import assert from "node:assert/strict";
import { dirname, join, normalize } from "node:path/posix";
import {
  checkArchitecture,
  findCycle,
  importsOf,
  type Rules,
  type Sources,
  stripped,
  vendorOf,
} from "./support/architecture.ts";

const ROOT = new URL("../", import.meta.url);

const rules: Rules = {
  directions: {
    protocol: [],
    actors: ["protocol"],
    // A migration is told its database; the one file that names Kysely gives it the types.
    migrations: ["streams"],
    streams: ["actors", "protocol", "migrations"],
    // The version stands in one place.
    "main.ts": ["streams", "deno.json"],
  },
  vendors: {
    "@electric-sql/pglite": "streams/database/pglite.ts",
    "@noble/ciphers": "protocol/tves/engine_noble.ts",
    "@noble/hashes": "protocol/tves/engine_noble.ts",
    "@serialport/stream": "streams/serial/binding.ts",
    "ajv": "streams/delivery/local/openapi.ts",
    "ajv-formats": "streams/delivery/local/openapi.ts",
    "cborg": "protocol/cbor.ts",
    "csv-parse": "streams/csv/read_csv.ts",
    "echarts": "streams/lab/chart.ts",
    "harfbuzzjs": "streams/delivery/pdf/shaper.ts",
    "kysely": "streams/database/kysely.ts",
    "mailparser": "streams/delivery/local/smtp.ts",
    "nats": "streams/jetstream/nats.ts",
    "nodemailer": "streams/delivery/mail.ts",
    "pg": "streams/database/postgres.ts",
    "pg-copy-streams": "streams/database/postgres.ts",
    "qr": "streams/delivery/pdf/qr.ts",
    "serialport": "streams/serial/binding.ts",
    "smtp-server": "streams/delivery/local/smtp.ts",
    "twilio": "streams/delivery/sms.ts",
    "zod": "protocol/schema.ts",
  },
  pureRooms: ["protocol", "actors"],
  lines_max: 350,
};

/** What keeps the weak ciphers of the paper's experiment away from real readings. */
const PAPER = /^(?:protocol\/paper|streams\/lab)\/|^streams\/terminal\/commands\/lab\w*\.ts$/;
/** The one door: the table of commands loads the experiment when somebody calls it by name. */
const REGISTRY = "streams/terminal/registry.ts";

function read(folder: string): Record<string, string> {
  const sources: Record<string, string> = {};
  for (const entry of Deno.readDirSync(new URL(folder, ROOT))) {
    const path = `${folder}${entry.name}`;
    if (entry.isDirectory) Object.assign(sources, read(`${path}/`));
    else if (/\.tsx?$/.test(entry.name)) sources[path] = Deno.readTextFileSync(new URL(path, ROOT));
  }
  return sources;
}

const sources: Sources = {
  ...["protocol/", "actors/", "streams/", "migrations/"].map(read)
    .reduce((all, some) => ({ ...all, ...some })),
  "main.ts": Deno.readTextFileSync(new URL("main.ts", ROOT)),
};

/** Imports of the experiment from outside of it; and by the registry, unless they are lazy. */
function paperBreaches(of: Sources): string[] {
  return Object.entries(of)
    .filter(([file]) => !PAPER.test(file))
    .flatMap(([file, source]) =>
      importsOf(source)
        .filter(({ specifier }) => PAPER.test(normalize(join(dirname(file), specifier))))
        .filter(({ lazy }) => !(lazy && file === REGISTRY))
        .map(({ specifier }) => `${file} imports ${specifier}`)
    );
}

function breachesOf(planted: Sources): string[] {
  return checkArchitecture(planted, rules).map(({ rule, what }) => `${rule}: ${what}`);
}

Deno.test("the sources keep every rule of the structure", () => {
  assert.ok(Object.keys(sources).length > 20, "the sources were not found");
  const said = checkArchitecture(sources, rules)
    .map(({ rule, file, what }) => `${rule}: ${file} ${what}`);
  assert.deepEqual(said, []);
});

Deno.test("no file outside of the experiment uses paper mode", () => {
  assert.ok(Object.keys(sources).some((file) => file.startsWith("protocol/paper/")));
  assert.deepEqual(paperBreaches(sources), []);
  const planted = [
    ["streams/edge/send.ts", 'import { caesarSeal } from "../../protocol/paper/caesar.ts";'],
    ["protocol/tves/open.ts", 'import { encryptBlock } from "../paper/aes.ts";'],
    ["actors/meter/meter.ts", 'export * from "../../protocol/paper/random.ts";'],
    ["streams/edge/labels.ts", 'import { TvesMeter } from "../lab/systems.ts";'],
    ["streams/masters/paper.ts", 'const lab = await import("../lab/experiment.ts");'],
    ["streams/demo/demo.ts", 'import { command } from "../terminal/commands/lab.ts";'],
    [REGISTRY, 'import { command } from "./commands/lab.ts";'],
  ] as const;
  for (const [file, source] of planted) {
    assert.equal(paperBreaches({ [file]: source }).length, 1, file);
  }
  const innocent = [
    ["streams/lab/run.ts", 'import { caesarSeal } from "../../protocol/paper/caesar.ts";'],
    ["streams/terminal/commands/lab_aes.ts", 'import { walkAes } from "../../lab/aes_walk.ts";'],
    [REGISTRY, 'const load = () => import("./commands/lab.ts");'],
    ["streams/delivery/mail.ts", 'import { labels } from "./labels.ts";'],
  ] as const;
  for (const [file, source] of innocent) assert.deepEqual(paperBreaches({ [file]: source }), []);
});

Deno.test("every file that is named for a vendor is there, or its room is still to come", () => {
  for (const [vendor, file] of Object.entries(rules.vendors)) {
    const importing = Object.entries(sources)
      .filter(([, source]) => importsOf(source).some((one) => vendorOf(one.specifier) === vendor));
    assert.ok(importing.every(([importer]) => importer === file), `${vendor}: ${file}`);
  }
});

Deno.test("checkArchitecture() goes red when a room imports against the direction", () => {
  const planted = [
    ["protocol/a.ts", 'import { b } from "../actors/b.ts";'],
    ["actors/a.ts", 'import { b } from "../streams/b.ts";'],
    ["actors/a.ts", 'const b = await import("../streams/b.ts");'],
    ["actors/a.ts", 'export * from "../streams/b.ts";'],
    ["streams/a.ts", 'import "../tests/b.ts";'],
    ["main.ts", 'import { b } from "./actors/b.ts";'],
    ["elsewhere/a.ts", ""],
  ] as const;
  for (const [file, source] of planted) {
    const said = breachesOf({ [file]: source });
    assert.equal(said.length, 1, `${file}: ${source}`);
    assert.match(said[0]!, /^direction: /);
  }
  assert.deepEqual(breachesOf({ "streams/a/b.ts": 'import { c } from "../../actors/c.ts";' }), []);
});

Deno.test("checkArchitecture() goes red when a vendor is imported in a second file", () => {
  const planted = [
    'import { connect } from "nats";',
    'import type { Kysely } from "kysely";',
    'import { gcm } from "@noble/ciphers/aes.js";',
    'import leftPad from "npm:left-pad@1.0.0";',
    'import x from "unknown";',
  ];
  for (const source of planted) {
    const said = breachesOf({ "streams/other.ts": source });
    assert.equal(said.length, 1, source);
    assert.match(said[0]!, /^vendor: /);
  }
  assert.deepEqual(breachesOf({ "streams/jetstream/nats.ts": planted[0]! }), []);
});

Deno.test("checkArchitecture() goes red when what decides takes time, chance or I/O by itself", () => {
  const planted = [
    "const t = Date.now();",
    "const d = new Date();",
    "const r = Math.random();",
    "setTimeout(() => {}, 1);",
    "const p = performance.now();",
    "const e = Deno.env;",
    "console.log(1);",
    "const t = `${Date.now()} ms`;",
    "crypto.getRandomValues(bytes);",
    'import { readFileSync } from "node:fs";',
  ];
  for (const source of planted) {
    for (const file of ["protocol/a.ts", "actors/deep/a.ts"]) {
      const said = breachesOf({ [file]: source });
      assert.equal(said.length, 1, source);
      assert.match(said[0]!, /^purity: /);
    }
    assert.deepEqual(breachesOf({ "streams/a.ts": source }), [], source);
  }
});

Deno.test("checkArchitecture() is not misled by comments, strings and patterns", () => {
  const innocent = [
    "// Date.now() is not for us",
    "/** Never `Math.random()`. */",
    'const text = "Deno.env";',
    "const text = 'Date.now()';",
    "const d = new Date(0);",
    "const quote = /[\"']/; const s = 'Deno';",
    'const url = "http://x"; const y = "//"; // Deno',
  ];
  for (const source of innocent) {
    assert.deepEqual(breachesOf({ "actors/a.ts": source }), [], source);
  }
  assert.equal(stripped("a /* b */ c // d\ne", false).replaceAll(/\s+/g, " "), "a c e");
});

Deno.test("checkArchitecture() goes red when imports go round, however long the way", () => {
  const planted = {
    "actors/a.ts": 'import { b } from "./b.ts";',
    "actors/b.ts": 'export { c } from "./c.ts";',
    "actors/c.ts": 'import { a } from "./a.ts";',
  };
  assert.deepEqual(findCycle(planted), [
    "actors/a.ts",
    "actors/b.ts",
    "actors/c.ts",
    "actors/a.ts",
  ]);
  assert.match(breachesOf(planted)[0]!, /^cycle: /);
  const types = { ...planted, "actors/c.ts": 'import type { A } from "./a.ts";' };
  assert.equal(findCycle(types), undefined);
});

Deno.test("checkArchitecture() goes red when a file is too long", () => {
  const long = { "actors/a.ts": "// line\n".repeat(351) };
  assert.match(breachesOf(long)[0]!, /^length: has 351 lines, at most 350/);
  assert.deepEqual(breachesOf({ "actors/a.ts": "// line\n".repeat(350) }), []);
});

Deno.test("importsOf() finds imports over several lines and knows types from values", () => {
  const source = `/** import { no } from "./no.ts"; */
import {
  a, // the first
  type B,
} from "./a.ts";
import type { C } from "./c.ts";
import "./effect.ts";
export * from "./all.ts";
const later = () => import("./later.ts");`;
  assert.deepEqual(importsOf(source), [
    { specifier: "./a.ts", typeOnly: false, lazy: false },
    { specifier: "./c.ts", typeOnly: true, lazy: false },
    { specifier: "./effect.ts", typeOnly: false, lazy: false },
    { specifier: "./all.ts", typeOnly: false, lazy: false },
    { specifier: "./later.ts", typeOnly: false, lazy: true },
  ]);
});
