import { deepStrictEqual, doesNotMatch, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { describeAes } from "../../../streams/lab/aes_walk.ts";
import { createPaint } from "../../../streams/terminal/colour.ts";
import { fromHex } from "../../../protocol/bytes.ts";
import { samay } from "../../support/command_line.ts";

Deno.test("lab --json gives one document with every number, and pictures where they are asked for", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const words = ["lab", "--json", "--seed", "3", "--frames", "100", "--out", folder];
    const { code, out } = await samay(...words);
    strictEqual(code, 0);
    const document = JSON.parse(out);
    strictEqual(document.seed, 3);
    strictEqual(document.frames, 100);
    strictEqual(document.agreement.agrees, true);
    strictEqual(document.scenarios[0].condition.length, 13);
    ok(document.known_plaintext.aes.keys_that_fit >= 1 && document.window_s === 10);
    ok(!/"[a-z]+[A-Z]/.test(out), "all names are written in one way");
    ok((await Deno.stat(join(folder, "report.html"))).size > 50_000);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("lab refuses numbers that make no sense, with exit code 2", async () => {
  for (const words of [["--seed", "-1"], ["--seed", "x"], ["--frames", "5"], ["--frames", "1e9"]]) {
    const { code, error } = await samay("lab", ...words);
    strictEqual(code, 2, words.join(" "));
    match(error, /whole number from \d+ to \d+/);
  }
  strictEqual((await samay("lab", "--out", "")).code, 2);
});

Deno.test("lab says before the work that its folder cannot be made", async () => {
  const file = await Deno.makeTempFile();
  try {
    const { code, out, error } = await samay("lab", "--frames", "200000", "--out", `${file}/lab`);
    strictEqual(code, 1);
    strictEqual(out, "");
    match(error, /cannot be the folder of the report/);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("lab says before the work that a folder stands where a file of the report would", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const name of ["report.html", "agreement.svg"]) {
      await Deno.mkdir(join(folder, name));
      const { code, out, error } = await samay("lab", "--frames", "200000", "--out", folder);
      strictEqual(code, 1);
      strictEqual(out, "");
      match(error, new RegExp(`${name} cannot be a file of the report: a folder stands there`));
      await Deno.remove(join(folder, name));
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("lab aes walks appendix B of the standard by default", async () => {
  const { code, out } = await samay("lab", "aes");
  strictEqual(code, 0);
  // Rows of the matrices in the standard: start of round 1 and the output.
  match(out, /19 a0 9a e9 {3}d4 e0 b8 1e {3}d4 e0 b8 1e {3}04 e0 48 28 {3}a0 88 23 2a/);
  match(out, /Ciphertext {2}3925841d02dc09fbdc118597196a0b32/);
  match(out, /Round 10, the last: no MixColumns/);
  for (const step of ["KeyExpansion", "SubBytes", "ShiftRows", "MixColumns", "AddRoundKey"]) {
    ok(out.includes(step), step);
  }
  ok(out.split("\n").every((line) => line.length <= 80));
  // deno-lint-ignore no-control-regex -- colour is what must not be there
  doesNotMatch(out, /\x1b/);
  const example = [
    "2b7e151628aed2a6abf7158809cf4f3c",
    "3243f6a8885a308d313198a2e0370734",
  ].map(fromHex);
  // deno-lint-ignore no-control-regex -- colour is what must be there
  match(describeAes(example[0]!, example[1]!, createPaint(true)), /\x1b\[/);
});

Deno.test("lab aes --json names every step of the three key lengths", async () => {
  const block = "00112233445566778899aabbccddeeff";
  const expected = [
    [16, 10, "69c4e0d86a7b0430d8cdb78070b4c55a"],
    [24, 12, "dda97ca4864cdfe06eaf70a0ec0d7191"],
    [32, 14, "8ea2b7ca516745bfeafc49904b496089"],
  ] as const;
  for (const [length, rounds, output] of expected) {
    const key = Array.from({ length }, (_, i) => i.toString(16).padStart(2, "0")).join("");
    const { out } = await samay("lab", "aes", "--key", key, "--block", block, "--json");
    const walk = JSON.parse(out);
    deepStrictEqual([walk.rounds, walk.output], [rounds, output]);
    strictEqual(walk.round_keys.length, rounds + 1);
    strictEqual(walk.steps.length, 2 + 4 * rounds - 1);
    const last = walk.steps.filter((step: { round: number }) => step.round === rounds);
    strictEqual(last.some(({ step }: { step: string }) => step === "MixColumns"), false);
  }
});

Deno.test("lab aes refuses keys and blocks of another length or alphabet, with exit code 2", async () => {
  const cases = [
    ["--key", "00", /--key is 32, 48 or 64 hexadecimal digits, and was given 2 digits/],
    ["--key", "zz".repeat(16), /--key is 32, 48 or 64 hexadecimal digits, not "zz/],
    ["--key", "", /was given 0 digits/],
    ["--block", "00".repeat(17), /--block is 32 hexadecimal digits, and was given 34 digits/],
  ] as const;
  for (const [option, value, message] of cases) {
    const { code, error } = await samay("lab", "aes", `${option}=${value}`);
    strictEqual(code, 2);
    match(error, message);
  }
});
