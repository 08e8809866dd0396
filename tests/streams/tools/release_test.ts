import assert from "node:assert/strict";
import { join } from "node:path";
import { deflateRawSync } from "node:zlib";
import { toHex, utf8 } from "../../../protocol/bytes.ts";
import { download, unpack } from "../../../streams/tools/release.ts";
import { fileInZip } from "../../../streams/tools/zip.ts";

async function sha256Of(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}

/** A server on loopback that gives `body` with `status`, for the length of `use`. */
async function serving<T>(
  body: Uint8Array<ArrayBuffer>,
  status: number,
  use: (url: string) => Promise<T>,
): Promise<T> {
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    () => new Response(body, { status }),
  );
  try {
    return await use(`http://127.0.0.1:${server.addr.port}/archive.zip`);
  } finally {
    await server.shutdown();
  }
}

Deno.test("download() gives the bytes when the SHA-256 is the pinned one", async () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const seen: number[] = [];
  const got = await serving(
    bytes,
    200,
    async (url) => download({ url, sha256: await sha256Of(bytes) }, (n) => seen.push(n)),
  );
  assert.deepEqual(got, bytes);
  assert.equal(seen.at(-1), 3);
});

Deno.test("download() refuses bytes that differ from what was published", async () => {
  const pinned = await sha256Of(new Uint8Array([1, 2, 3]));
  await serving(
    new Uint8Array([1, 2, 4]),
    200,
    (url) =>
      assert.rejects(download({ url, sha256: pinned }), /SHA-256 is .* pinned is .*: not used/),
  );
});

Deno.test("download() says in one line why there is nothing to be had", async () => {
  await serving(
    new Uint8Array(),
    404,
    (url) => assert.rejects(download({ url, sha256: "" }), /^Error: 127\.0\.0\.1 answered 404$/),
  );
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  const gone = { url: `http://127.0.0.1:${port}/x.zip`, sha256: "" };
  await assert.rejects(download(gone), /^Error: 127\.0\.0\.1 is out of reach$/);
});

/** A ZIP archive of one file, as APPNOTE 6.3 has it. */
function zipOf(path: string, content: Uint8Array<ArrayBuffer>, method: 0 | 8) {
  const packed = method === 8 ? new Uint8Array(deflateRawSync(content)) : content;
  const name = utf8(path);
  const header = (signature: number, size: number, at: number) => {
    const bytes = new Uint8Array(size + name.length);
    const view = new DataView(bytes.buffer);
    view.setUint32(0, signature, true);
    view.setUint16(at, method, true);
    view.setUint32(at + 10, packed.length, true);
    view.setUint32(at + 14, content.length, true);
    view.setUint16(at + 18, name.length, true);
    bytes.set(name, size);
    return bytes;
  };
  const local = header(0x04034b50, 30, 8);
  const entry = header(0x02014b50, 46, 10);
  const end = new Uint8Array(22);
  const view = new DataView(end.buffer);
  view.setUint32(0, 0x06054b50, true);
  view.setUint16(10, 1, true);
  view.setUint32(12, entry.length, true);
  view.setUint32(16, local.length + packed.length, true);
  return new Uint8Array([...local, ...packed, ...entry, ...end]);
}

Deno.test("fileInZip() gives the file, stored or deflated, and refuses what is no archive", () => {
  const content = utf8("a tool ".repeat(100)) as Uint8Array<ArrayBuffer>;
  for (const method of [0, 8] as const) {
    const archive = zipOf("nats-0.4.0-linux-amd64/nats", content, method);
    assert.deepEqual(fileInZip(archive, "nats"), content);
    assert.throws(() => fileInZip(archive, "nats-server"), /has no file nats-server/);
  }
  assert.throws(() => fileInZip(utf8("<html>"), "nats"), /not a ZIP archive/);
});

Deno.test("unpack() takes one file out of a .tar.gz, without its folder", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.mkdir(join(folder, "release"));
  await Deno.mkdir(join(folder, "work"));
  await Deno.writeTextFile(join(folder, "release", "nats-server"), "content");
  const tar = join(folder, "a.tar.gz");
  const made = await new Deno.Command("tar", { args: ["-czf", tar, "-C", folder, "release"] })
    .output();
  assert.ok(made.success);
  const archive = await Deno.readFile(tar);
  const got = await unpack(archive, "https://x/a.tar.gz", "nats-server", join(folder, "work"));
  assert.equal(new TextDecoder().decode(got), "content");
  await Deno.remove(folder, { recursive: true });
});
