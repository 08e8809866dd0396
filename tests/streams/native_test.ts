import { ok } from "node:assert/strict";
import { LIBCRYPTO_PLACES } from "../../streams/native/libcrypto.ts";

Deno.test("the tasks of masters and of the fleet may load libcrypto from every place where it is looked for", async () => {
  const { tasks } = JSON.parse(
    await Deno.readTextFile(new URL("../../deno.json", import.meta.url)),
  );
  for (const task of ["master", "start", "samay"]) {
    const allowed = /--allow-ffi=(\S+)/.exec(tasks[task].command)![1]!.split(",");
    for (const place of LIBCRYPTO_PLACES) ok(allowed.includes(place), `${task}: ${place}`);
  }
});
