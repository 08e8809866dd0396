/** `samay meter read`: one reading of any IEC 62056-21 meter, for people and for programs. */
import { RetryableError, TerminalError } from "../../../protocol/errors.ts";
import type { Framing } from "../../../protocol/iec62056/characters.ts";
import type { ReadMeterOptions, Readout } from "../../serial/read_meter.ts";
import { type Command, Failure, type ParsedArguments, UsageError } from "../command.ts";
import { formatTable, terminalWidth } from "../table.ts";
import { wholeNumber } from "../whole_number.ts";

type Values = ParsedArguments["values"];

function framingOf(values: Values): Framing | undefined {
  const framing = values.framing;
  if (framing === undefined || framing === "7E1" || framing === "8N1") return framing;
  throw new UsageError(`--framing is 7E1 or 8N1, not "${framing}"`);
}

function optionsOf(values: Values): ReadMeterOptions {
  if (typeof values.serial !== "string" || values.serial === "") {
    throw new UsageError("Give the line: --serial PATH, for example --serial /dev/ttyUSB0");
  }
  const address = String(values.address ?? "");
  if (!/^[0-9A-Za-z ]{0,32}$/.test(address)) {
    throw new UsageError(`--address is up to 32 letters, digits and spaces, not "${address}"`);
  }
  const timeout_s = wholeNumber("timeout", values.timeout, undefined, 1, 3_600);
  const given = {
    baud: wholeNumber("baud", values.baud, undefined, 50, 4_000_000),
    settle_ms: wholeNumber("settle-ms", values["settle-ms"], undefined, 0, 10_000),
    timeout_ms: timeout_s === undefined ? undefined : timeout_s * 1_000,
    framing: framingOf(values),
    ignoreProposedBaud: values["ignore-proposed-baud"] === true ? true : undefined,
  };
  return {
    line: values.serial,
    address,
    mode: values.listen === true ? "listen" : "request",
    fixedBaud: values["fixed-baud"] === true,
    wakeUp: values["wake-up"] === true,
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

function forPeople(readout: Readout): string {
  const rows = readout.registers.map(({ obis, text, unit }) => [obis, text, unit ?? ""]);
  const columns = [{ title: "register" }, { title: "value", flexible: true }, { title: "unit" }];
  return [
    `${readout.identification}  consumer number ${readout.consumerNumber ?? "not given"}` +
    (readout.check === "none" ? "  (the telegram carried no check)" : ""),
    formatTable(columns, rows, { width: terminalWidth() }),
  ].join("\n");
}

function forPrograms({ identification, consumerNumber, registers }: Readout): string {
  return JSON.stringify({
    identification,
    consumerNumber,
    registers: registers.map(({ obis, value, unit }) => ({ obis, value, unit })),
  });
}

async function run({ values }: ParsedArguments): Promise<number> {
  const options = optionsOf(values);
  // Loaded here: the native part of the serial port is of no use to other commands.
  const { readMeter } = await import("../../serial/read_meter.ts");
  try {
    const readout = await readMeter(options);
    console.log(values.json === true ? forPrograms(readout) : forPeople(readout));
    return 0;
  } catch (error) {
    if (error instanceof RetryableError || error instanceof TerminalError) {
      throw new Failure(error.message, { cause: error });
    }
    throw error;
  }
}

export const command: Command = {
  name: "meter read",
  summary: "Reads any IEC 62056-21 meter over a serial line",
  options: {
    serial: {
      type: "string",
      placeholder: "PATH",
      help: "device, tcp://host:port, or a file with a captured telegram",
    },
    baud: { type: "string", placeholder: "N", help: "first speed (300; 115200 with --listen)" },
    "fixed-baud": { type: "boolean", help: "never change the line's speed" },
    "ignore-proposed-baud": { type: "boolean", help: "tell the meter to stay at the first speed" },
    address: { type: "string", placeholder: "A", help: "device address on a shared line" },
    framing: { type: "string", placeholder: "7E1|8N1", help: "7E1; 8N1 with --listen" },
    "settle-ms": { type: "string", placeholder: "N", help: "pause before the change of speed" },
    "wake-up": { type: "boolean", help: "send the wake-up of battery-driven meters first" },
    listen: { type: "boolean", help: "wait for what the meter sends by itself (mode D, DSMR P1)" },
    timeout: { type: "string", placeholder: "S", help: "limit in seconds (60)" },
    json: { type: "boolean", help: "one JSON document on stdout" },
  },
  help: `Asks the meter in modes A, B, C or E, or listens in mode D, checks BCC or CRC, and prints
its registers under their full OBIS codes. A failure is one line that says what to try.

  samay meter read --serial /dev/ttyUSB0
  samay meter read --serial /dev/ttyUSB0 --baud 9600 --fixed-baud --address 1007
  samay meter read --serial /dev/ttyUSB1 --listen --json          a DSMR P1 port
  samay meter read --serial tcp://192.168.1.20:8899               a converter on the network
  samay meter read --serial telegram.txt                          a captured telegram`,
  run,
};
