/** docs/tariffs.md: its example is a sound tariff, and it names every kind and field that there is. */
import assert from "node:assert/strict";
import { checkTariff } from "../../../actors/billing/tariff/check.ts";
import { KIND_NAMES } from "../../../actors/billing/tariff/charge.ts";
import { tariffs } from "../../../actors/billing/tariff/catalogue.ts";
import { FIELD_NAMES } from "../../../actors/billing/tariff/document.ts";
import { runProgram } from "../../../streams/terminal/program.ts";

const page = await Deno.readTextFile(new URL("../../../docs/tariffs.md", import.meta.url));

Deno.test("docs/tariffs.md shows a whole tariff that passes samay tariff check", async () => {
  const blocks = [...page.matchAll(/^```json\n([\s\S]*?)^```$/gm)].map((match) => match[1]!);
  assert.equal(blocks.length, 1);
  const path = await Deno.makeTempFile({ suffix: ".json" });
  const said: string[] = [];
  const log = console.log;
  console.log = (text: string) => void said.push(text);
  try {
    await Deno.writeTextFile(path, blocks[0]!);
    assert.equal(await runProgram(["tariff", "check", path]), 0, said.join("\n"));
    const month = ["--from", "2026-06-01", "--to", "2026-07-01", "--kwh", "80", "--json"];
    assert.equal(await runProgram(["tariff", "quote", "--file", path, ...month]), 0);
    assert.equal(JSON.parse(said.at(-1)!).payable_paise, 44_400);
  } finally {
    console.log = log;
    await Deno.remove(path);
  }
  assert.deepEqual(checkTariff(JSON.parse(blocks[0]!)).faults, []);
});

Deno.test("docs/tariffs.md names every tariff, kind of charge and field", () => {
  const names = [
    ...tariffs().map(({ id }) => id),
    ...KIND_NAMES,
    ...FIELD_NAMES,
  ];
  const missing = [...new Set(names)].filter((name) => !page.includes(`\`${name}\``));
  assert.deepEqual(missing, []);
});
