import assert from "node:assert/strict";
import { command } from "../../../streams/terminal/commands/time_query.ts";
import { systemClock } from "../../../streams/time/local_clock.ts";
import { queryTime } from "../../../streams/time/query.ts";
import { askUdp } from "../../../streams/time/udp_client.ts";
import { eventually, withChronyd, withoutChrony } from "./chrony.ts";

/** The options that `samay time query` would use against `port`. */
const queryOptions = (port: number, samples = 4) => ({
  server: `127.0.0.1:${port}`,
  samples,
  spacing_ms: 20,
  ask: () => askUdp({ host: "127.0.0.1", port }, systemClock, 500),
});

Deno.test("queryTime() measures a real chronyd on this machine as in step with it", async () => {
  if (await withoutChrony()) return;
  await withChronyd(["local stratum 8"], async (port) => {
    await eventually(() => queryTime(queryOptions(port, 1)));
    const result = await queryTime(queryOptions(port, 8));
    assert.equal(result.stratum, 8);
    assert.equal(result.leap, 0);
    assert.equal(result.reference, "127.127.1.1");
    assert.equal(result.samples, 8);
    assert.ok(Math.abs(result.offset_s) < 0.05, `offset ${result.offset_s}`);
    assert.ok(result.delay_s > 0 && result.delay_s < 0.1, `delay ${result.delay_s}`);
    assert.ok(result.dispersion_s >= 0 && result.dispersion_s < 0.1);
  });
});

Deno.test("queryTime() refuses a chronyd that is not synchronised, and says why", async () => {
  if (await withoutChrony()) return;
  await withChronyd([], async (port) => {
    const error = await eventually(() =>
      queryTime(queryOptions(port)).then(() => {
        throw new Error("accepted");
      }, (error: Error) => {
        if (error.name !== "TerminalError") throw error;
        return error;
      })
    );
    assert.match(error.message, /is refused: .*not synchronised.*\[unsynchronised\]/);
  });
});

Deno.test("samay time query --json prints one document with the fields that others rely on", async () => {
  if (await withoutChrony()) return;
  await withChronyd(["local stratum 8"], async (port) => {
    await eventually(() => queryTime(queryOptions(port, 1)));
    const lines: string[] = [];
    const print = console.log;
    console.log = (line: string) => lines.push(line);
    try {
      const given = { values: { samples: "2", json: true }, positionals: [`127.0.0.1:${port}`] };
      assert.equal(await command.run(given), 0);
    } finally {
      console.log = print;
    }
    assert.equal(lines.length, 1);
    assert.deepEqual(
      Object.keys(JSON.parse(lines[0]!)),
      ["offset_s", "delay_s", "dispersion_s", "stratum", "leap", "reference", "samples"],
    );
  });
});
