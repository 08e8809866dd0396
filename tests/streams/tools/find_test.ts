import assert from "node:assert/strict";
import { join } from "node:path";
import { searchTool } from "../../../streams/tools/find.ts";
import { programsIn } from "../../../streams/tools/places.ts";
import { isAtLeast, natsCli, natsServer, versionIn } from "../../../streams/tools/versions.ts";

/** A folder with a program that says `output` and exits with `code`. */
async function folderWith(name: string, output: string, code = 0, mode = 0o755): Promise<string> {
  const folder = await Deno.makeTempDir();
  const script = `#!/bin/sh\necho '${output}'\nexit ${code}\n`;
  await Deno.writeTextFile(join(folder, name), script, { mode });
  return folder;
}

Deno.test("searchTool() takes the first program that is new enough, in the order of the folders", async () => {
  const old = await folderWith("nats-server", "nats-server: v2.8.4");
  const broken = await folderWith("nats-server", "cannot run", 1);
  const plain = await folderWith("nats-server", "nats-server: v2.11.0", 0, 0o644);
  const good = await folderWith("nats-server", "nats-server: v2.9.10");
  const newer = await folderWith("nats-server", "nats-server: v2.15.2");
  const folders = ["/nowhere", old, broken, plain, good, newer];
  const { found, refused } = await searchTool("nats-server", folders);
  assert.deepEqual(found, { path: join(good, "nats-server"), version: "2.9.10" });
  assert.equal(refused.length, 2);
  assert.match(refused[0]!, /is 2\.8\.4, older than 2\.9\.0/);
  assert.match(refused[1]!, /does not say its version/);
  for (const folder of folders.slice(1)) await Deno.remove(folder, { recursive: true });
});

Deno.test("searchTool() finds nothing when nothing is there", async () => {
  assert.deepEqual(await searchTool("nats", ["/nowhere", ""]), { refused: [] });
});

Deno.test("programsIn() looks into each folder once and skips what is no program", async () => {
  const folder = await folderWith("tool", "1.0");
  assert.deepEqual(await programsIn("tool", [folder, folder, "/dev/null", ""]), [
    join(folder, "tool"),
  ]);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("isAtLeast() compares by numbers and not by letters", () => {
  assert.ok(isAtLeast("2.15.2", "2.9.0"));
  assert.ok(isAtLeast("2.9", "2.9.0"));
  assert.ok(!isAtLeast("2.8.9", "2.9.0"));
  assert.equal(versionIn("nats-server: v2.15.2-RC.1"), "2.15.2");
  assert.equal(versionIn("development"), undefined);
});

Deno.test("every pinned archive is of the release that its pin names, on each platform once", () => {
  for (const pin of [natsServer, natsCli]) {
    const archives = Object.values(pin.archives);
    assert.equal(new Set(archives.map(({ sha256 }) => sha256)).size, archives.length);
    for (const { url, sha256 } of archives) {
      assert.match(sha256, /^[0-9a-f]{64}$/);
      assert.ok(url.startsWith("https://github.com/nats-io/") && url.includes(pin.release), url);
    }
  }
});
