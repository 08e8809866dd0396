import assert from "node:assert/strict";
import { command } from "../../../streams/terminal/commands/slave.ts";
import { UsageError } from "../../../streams/terminal/command.ts";
import { freePort } from "../../../streams/jetstream/broker_process.ts";
import { inFolder } from "./head_end.ts";

Deno.test("samay slave without a configuration is wrong usage", async () => {
  await assert.rejects(command.run({ values: {}, positionals: [] }), UsageError);
});

Deno.test("samay slave works without a broker, says so once, and ends by SIGTERM with 0", async () => {
  await inFolder(async (folder) => {
    const config = {
      slave_id: "south",
      data_dir: "data",
      meters: [{ meter_id: "M1", line: `tcp://127.0.0.1:${freePort()}` }],
      interval_s: 1,
    };
    await Deno.writeTextFile(`${folder}/slave.json`, JSON.stringify(config));
    const main = new URL("../../../main.ts", import.meta.url).pathname;
    const child = new Deno.Command(Deno.execPath(), {
      args: ["run", "-A", "--no-check", main, "slave", "--config", `${folder}/slave.json`],
      env: { SAMAY_NATS_URL: `nats://127.0.0.1:${freePort()}`, SAMAY_LOG: "text" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    let text = "";
    let asked = false;
    for await (const part of child.stderr.pipeThrough(new TextDecoderStream())) {
      text += part;
      if (asked || !text.includes("M1 not read: no key")) continue;
      asked = true;
      child.kill("SIGTERM");
    }
    const status = await child.status;
    assert.equal(status.code, 0, text);
    assert.equal(text.split("waiting for the broker").length, 2, text);
    assert.match(text, /slave stopped/);
  });
});
