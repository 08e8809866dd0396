/** Lines that people copy: the meter that is simulated must be the one that is enrolled and read. */
import assert from "node:assert/strict";
import { slaveConfiguration } from "../../../streams/edge/configuration.ts";
import { command as enrol } from "../../../streams/terminal/commands/meter_enrol.ts";
import { command as simulate } from "../../../streams/terminal/commands/meter_simulate.ts";
import { command as start } from "../../../streams/terminal/commands/start.ts";
import { parseCommandLine } from "../../../streams/terminal/parse.ts";

/** Words of the line in `help` behind `begin`; a line goes on behind a backslash. */
function wordsBehind(begin: string, help: string): string[] {
  const line = help.replaceAll("\\\n", " ").split("\n").find((one) => one.includes(begin));
  assert.ok(line !== undefined, `${begin} in ${help}`);
  const rest = line.slice(line.indexOf(begin) + begin.length);
  return [...rest.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare!);
}

Deno.test("the lines of start, meter simulate and meter enrol are of one meter and one slave", () => {
  const simulated = parseCommandLine(simulate, wordsBehind("deno task meter ", start.help));
  const enrolled = parseCommandLine(enrol, wordsBehind("meter enrol ", start.help));
  assert.equal(simulated.positionals[0], enrolled.values.meter);
  assert.equal(simulated.values.consumer, enrolled.values.consumer);
  const json = start.help.match(/echo '([^']+)'/)?.[1] ?? "";
  const slave = slaveConfiguration.parse(JSON.parse(json));
  assert.equal(slave.slave_id, enrolled.values.slave);
  assert.deepEqual(slave.key_files, [enrolled.values.out]);
  assert.deepEqual(slave.meters.map(({ meter_id, line }) => [meter_id, line]), [
    [enrolled.values.meter, `tcp://${simulated.values.host}:${simulated.values.port}`],
  ]);
  for (
    const [command, begin] of [[simulate, "meter simulate "], [enrol, "meter enrol "]] as const
  ) {
    const { values } = parseCommandLine(command, wordsBehind(`samay ${begin}`, command.help));
    assert.equal(values.consumer, enrolled.values.consumer, begin);
  }
});

Deno.test("compose.yaml enrols the consumer that its simulated meter names", async () => {
  const text = await Deno.readTextFile(new URL("../../../compose.yaml", import.meta.url));
  const simulated = text.match(/"--consumer",\s*"(\d+)"/)?.[1];
  assert.ok(simulated !== undefined);
  assert.equal(text.match(/--consumer=(\d+)/)?.[1], simulated);
});
