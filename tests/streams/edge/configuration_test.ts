import assert from "node:assert/strict";
import { readSlaveConfiguration } from "../../../streams/edge/configuration.ts";
import { inFolder } from "./head_end.ts";

Deno.test("readSlaveConfiguration() fills in defaults and takes paths from the file's folder", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/slave.json`;
    await Deno.writeTextFile(
      path,
      JSON.stringify({
        slave_id: "south",
        data_dir: "data",
        meters: [{ meter_id: "M1", line: "/dev/ttyUSB0" }],
        key_files: ["M1.json", "/keys/M2.json"],
      }),
    );
    const config = await readSlaveConfiguration(path);
    assert.equal(config.data_dir, `${folder}/data`);
    assert.deepEqual(config.key_files, [`${folder}/M1.json`, "/keys/M2.json"]);
    assert.equal(config.interval_s, 900);
    assert.deepEqual(config.time, { broker: true, servers: [], poll_s: 64 });
  });
});

Deno.test("readSlaveConfiguration() names every fault in one message", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/slave.json`;
    const line = "/dev/ttyUSB0";
    await Deno.writeTextFile(
      path,
      JSON.stringify({
        slave_id: "so uth",
        data_dir: "data",
        intervall_s: 60,
        interval_s: 0,
        time: { broker: false, servers: ["a b"] },
        meters: [{ meter_id: "M1", line }, { meter_id: "M1", line, quirks: { setle_ms: 1 } }],
      }),
    );
    await assert.rejects(readSlaveConfiguration(path), (error: Error) => {
      for (
        const part of ["slave_id: ", "intervall_s", "interval_s: ", "time.servers.0: ", "setle_ms"]
      ) assert.ok(error.message.includes(part), `${part} in ${error.message}`);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
    await assert.rejects(readSlaveConfiguration(`${folder}/absent`), /cannot be read/);
  });
});

Deno.test("readSlaveConfiguration() refuses the same meter or the same place on a line twice", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/slave.json`;
    const line = "/dev/ttyUSB0";
    const meters = [{ meter_id: "M1", line }, { meter_id: "M1", line }];
    await Deno.writeTextFile(path, JSON.stringify({ slave_id: "south", data_dir: "d", meters }));
    await assert.rejects(
      readSlaveConfiguration(path),
      /meters\.1\.meter_id: the same as meters\.0 \(M1\); meters\.1\.line: the same as meters\.0/,
    );
  });
});
