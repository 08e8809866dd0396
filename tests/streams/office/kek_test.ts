import assert from "node:assert/strict";
import { join } from "node:path";
import { toHex } from "../../../protocol/bytes.ts";
import { loadKek } from "../../../streams/office/kek.ts";

Deno.test("loadKek() makes one key for all who start at once, readable by its owner only", async () => {
  const dataDir = join(await Deno.makeTempDir({ prefix: "samay-kek-" }), "data");
  try {
    const keys = await Promise.all(
      Array.from({ length: 64 }, () => loadKek({ dataDir, make: true })),
    );
    assert.equal(new Set(keys.map(toHex)).size, 1);
    assert.equal(keys[0]!.length, 32);
    assert.equal((await Deno.stat(join(dataDir, "kek"))).mode! & 0o777, 0o600);
    assert.deepEqual([...Deno.readDirSync(dataDir)].map(({ name }) => name), ["kek"]);
    assert.deepEqual(await loadKek({ dataDir }), keys[0]);
  } finally {
    await Deno.remove(join(dataDir, ".."), { recursive: true });
  }
});

Deno.test("loadKek() says which file is missing or malformed, without its content", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "samay-kek-" });
  try {
    await assert.rejects(loadKek({ dataDir, file: `${dataDir}/none` }), /none.*openssl rand -hex/);
    await Deno.writeTextFile(join(dataDir, "kek"), "secret but short");
    await assert.rejects(loadKek({ dataDir }), (error: Error) => {
      assert.match(error.message, /kek is not 64 hexadecimal digits/);
      assert.doesNotMatch(error.message, /secret but short/);
      return true;
    });
  } finally {
    await Deno.remove(dataDir, { recursive: true });
  }
});
