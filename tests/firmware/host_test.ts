/** Runs the C unit tests of the firmware's logic, with the address and undefined-behaviour sanitizers. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { hasTools } from "./support.ts";

const ready = await hasTools("the C tests of the firmware", ["gcc", "make"]);

Deno.test({
  name: "make host-test passes when the firmware's logic runs against a fake EEPROM",
  ignore: !ready,
  async fn() {
    const { success, stdout, stderr } = await new Deno.Command("make", {
      args: ["-C", fileURLToPath(new URL("../../firmware", import.meta.url)), "host-test"],
    }).output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    assert.ok(success, said);
    assert.ok((said.match(/^ok /gm) ?? []).length >= 40, said);
  },
});
