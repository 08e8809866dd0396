/** `samay demo`: the whole way on this machine. */
import { type Command, type ParsedArguments, UsageError } from "../command.ts";

const METERS_MAX = 1_000;

async function run({ values }: ParsedArguments): Promise<number> {
  const meters = Number(values.meters);
  if (!Number.isInteger(meters) || meters < 0 || meters > METERS_MAX) {
    throw new UsageError(
      `--meters is a whole number from 0 to ${METERS_MAX}, not "${values.meters}"`,
    );
  }
  const { runDemo } = await import("../../demo/demo.ts");
  await runDemo({ dataDir: ".samay/demo", meters, json: values.json === true });
  return 0;
}

export const command: Command = {
  name: "demo",
  summary: "Runs the whole way on this machine, from a pulse to a bill in the mailbox",
  options: {
    meters: {
      type: "string",
      default: "200",
      placeholder: "N",
      help: "software meters beside the one with the real firmware",
    },
    json: { type: "boolean", help: "the summary as one JSON document" },
  },
  help:
    `Real parts everywhere: the firmware on a simulated ATmega328P (or a software meter where the
AVR toolchain is missing, saying so), software meters that speak the same IEC 62056-21, slaves
with their outboxes, nats-server, a master, the embedded database, and an SMTP server
and an SMS endpoint on loopback. A month of readings goes the whole way, the month is closed,
and every customer gets a bill. Nothing leaves this machine, and nothing is left running.

All that it makes lies under .samay/demo, which is emptied at the next run.`,
  run,
};
