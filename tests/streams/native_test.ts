import { deepEqual, ok } from "node:assert/strict";
import { servedBy } from "../../protocol/tves/engine_choice.ts";
import { LIBCRYPTO_PLACES, type Library, loadLibcrypto } from "../../streams/native/libcrypto.ts";
import { libcrypto } from "../protocol/tves/engines.ts";

Deno.test({
  name: "of a library that refuses a cipher, as one for FIPS 140 does, the rest is used",
  ignore: libcrypto === undefined,
  fn: () => {
    const withoutChaCha = (all: Library) => ({ ...all, EVP_chacha20_poly1305: () => null });
    const { engine, refused } = loadLibcrypto([libcrypto!.path], withoutChaCha)!;
    deepEqual(refused, ["chacha20Poly1305"]);
    deepEqual(servedBy(engine, ["hmacSha256", "aes256gcm"]), ["hmacSha256", "aes256gcm"]);
    deepEqual(libcrypto!.refused, []);
  },
});

Deno.test("the tasks of masters and of the fleet may load libcrypto from every place where it is looked for", async () => {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
  );
  for (const task of ["master", "start", "samay"]) {
    const allowed = /--allow-ffi=(\S+)/.exec(tasks[task].command)![1]!.split(",");
    for (const place of LIBCRYPTO_PLACES) ok(allowed.includes(place), `${task}: ${place}`);
  }
});
