import assert from "node:assert/strict";
import { freePort, startBrokerProcess } from "../../../streams/jetstream/broker_process.ts";
import { connect } from "../../../streams/jetstream/connection.ts";
import { natsServerProgram } from "../../support/broker.ts";
import { PASSWORD, writeRoleConfig } from "../../support/role_config.ts";

Deno.test("a connection that is refused for a while after a restart is back once it is taken again", async () => {
  const dataDir = await Deno.makeTempDir({ prefix: "samay-refused-" });
  const right = await writeRoleConfig(`${dataDir}/right.conf`);
  const wrong = `${dataDir}/wrong.conf`;
  await Deno.writeTextFile(
    wrong,
    (await Deno.readTextFile(right)).replaceAll(PASSWORD, "other-one"),
  );
  const port = freePort();
  const program = await natsServerProgram();
  const start = (config: string) =>
    startBrokerProcess({ program, dataDir: `${dataDir}/broker`, port, config });
  let process = await start(right);
  const broker = await connect({
    url: process.url,
    name: "test",
    user: "operator",
    password: PASSWORD,
  });
  try {
    const echo = broker.respond("samay.office.echo", "office", (payload) => payload);
    await process.stop();
    process = await start(wrong);
    await new Promise((resolve) => setTimeout(resolve, 2_500)); // Several tries, all refused.
    assert.equal(broker.connection.isClosed(), false);
    await process.stop();
    process = await start(right);
    const end_ms = performance.now() + 10_000;
    let answered = false;
    while (!answered && performance.now() < end_ms) {
      answered = await broker.request("samay.office.echo", new Uint8Array(1), 500)
        .then(() => true, () => false);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.ok(answered, "the link came back by itself");
    await echo.stop();
  } finally {
    await broker.close();
    await process.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
});
