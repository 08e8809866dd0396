import assert from "node:assert/strict";
import { Failure, UsageError } from "../../../streams/terminal/command.ts";
import { command } from "../../../streams/terminal/commands/meter_read.ts";
import { serveSoftwareMeters } from "../../../streams/serial/software_meter.ts";

const run = (values: Record<string, string | boolean>) => command.run({ values, positionals: [] });

async function output(act: () => Promise<number>): Promise<string> {
  const lines: string[] = [];
  const original = console.log;
  console.log = (line: string) => lines.push(line);
  try {
    assert.equal(await act(), 0);
  } finally {
    console.log = original;
  }
  return lines.join("\n");
}

Deno.test("meter read prints the registers for programs and for people", async () => {
  const served = serveSoftwareMeters({
    meters: [{ address: "1", serialNumber: "SN1", consumerNumber: "17", energy_wh: () => 1_500 }],
  });
  try {
    const json = JSON.parse(await output(() => run({ serial: served.line, json: true })));
    assert.deepEqual(json, {
      identification: "/SAm5SAMAY-SOFT-1",
      consumerNumber: "17",
      registers: [
        { obis: "0-0:97.97.0", value: "00000000", unit: null },
        { obis: "1-0:0.0.0", value: "17", unit: null },
        { obis: "0-0:96.1.0", value: "SN1", unit: null },
        { obis: "1-0:0.2.0", value: "SOFT-1.0", unit: null },
        { obis: "1-0:1.8.0", value: 1.5, unit: "kWh" },
        { obis: "0-0:96.51.1", value: "00000", unit: null },
      ],
    });
    const text = await output(() => run({ serial: served.line, address: "1" }));
    assert.match(text, /consumer number 17[^]*1-0:1\.8\.0 +000001\.500 +kWh/);
  } finally {
    await served.stop();
  }
});

Deno.test("meter read fails with one line that says what to try", async () => {
  await assert.rejects(
    run({ serial: "/dev/no-such-line" }),
    (error) => error instanceof Failure && /plugged in/.test(error.message),
  );
});

Deno.test("meter read refuses options that cannot be", async () => {
  const bad = [
    {},
    { serial: "" },
    { serial: "/dev/x", baud: "fast" },
    { serial: "/dev/x", baud: "9600.5" },
    { serial: "/dev/x", framing: "8E1" },
    { serial: "/dev/x", address: "1/2" },
    { serial: "/dev/x", "settle-ms": "-1" },
    { serial: "/dev/x", timeout: "0" },
  ] as Record<string, string>[];
  for (const values of bad) await assert.rejects(run(values), UsageError, JSON.stringify(values));
});
