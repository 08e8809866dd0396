import assert from "node:assert/strict";
import { command } from "../../../streams/terminal/commands/time_query.ts";
import { systemClock } from "../../../streams/time/local_clock.ts";
import { queryTime } from "../../../streams/time/query.ts";
import { localServerClock } from "../../../streams/time/server_clock.ts";
import { askUdp } from "../../../streams/time/udp_client.ts";
import { serveTimeUdp } from "../../../streams/time/udp_server.ts";
import { chronydProgram, eventually, withChronyd, withoutChrony } from "./chrony.ts";

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

Deno.test("serveTimeUdp() is believed by a real chronyd as a client", async () => {
  if (await withoutChrony()) return;
  const server = await serveTimeUdp({
    host: "127.0.0.1",
    port: 0,
    describe: localServerClock(systemClock.now_ns),
  });
  const folder = await Deno.makeTempDir({ prefix: "samay-chrony-" });
  try {
    const output = await new Deno.Command((await chronydProgram())!, {
      // -Q: measure, print the offset, set nothing.
      args: [
        ...["-Q", "-t", "8", "-U", "-u", "root", "-f", "/dev/null"],
        `server 127.0.0.1 port ${server.port} iburst maxsamples 4`,
        `pidfile ${folder}/chronyd.pid`,
        "cmdport 0",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    const text = new TextDecoder().decode(output.stderr);
    const offset = /System clock wrong by (-?[\d.]+) seconds/.exec(text)?.[1];
    assert.ok(offset !== undefined, `chronyd took no answer of ours: ${text}`);
    assert.ok(Math.abs(Number(offset)) < 0.05, `chronyd measured ${offset} s`);
  } finally {
    await server.stop();
    await Deno.remove(folder, { recursive: true });
  }
});
