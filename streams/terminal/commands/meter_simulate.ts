/** `samay meter simulate`: a meter in software on a socket, to try a slave without hardware. */
import { serveSoftwareMeters } from "../../serial/software_meter.ts";
import { type Command, Failure, type ParsedArguments, UsageError } from "../command.ts";
import { createLog } from "../log.ts";
import { untilStopped } from "../signals.ts";
import { wholeNumber } from "../whole_number.ts";

/** The register stood at zero then. It depends on the time alone, so a restart never turns it back. */
const ZERO_MS = Date.UTC(2026, 0, 1);
const LOAD_DEFAULT_W = 500;
const PORT_DEFAULT = 8021;
const MS_PER_H = 3_600_000;
const ADDRESS = /^[0-9A-Za-z]{1,32}$/;

async function run({ values, positionals }: ParsedArguments): Promise<number> {
  const [address] = positionals as [string];
  if (!ADDRESS.test(address)) {
    throw new UsageError(`ID is the device address, 1 to 32 letters and digits, not "${address}"`);
  }
  const log = createLog("meter");
  const load_w = wholeNumber("load-w", values["load-w"], LOAD_DEFAULT_W, 0, 1_000_000);
  const hostname = String(values["host"]);
  const port = wholeNumber("port", values.port, PORT_DEFAULT, 0, 65_535);
  const meters = open(hostname, port, {
    address,
    serialNumber: address,
    consumerNumber: String(values["consumer"] ?? address),
    energy_wh: (now_ms) => Math.floor((load_w * (now_ms - ZERO_MS)) / MS_PER_H),
  });
  log.info("answering", { line: meters.line, address, load_w });
  const signal = await untilStopped();
  await meters.stop();
  log.info("stopped", { signal });
  return 0;
}

type Meter = Parameters<typeof serveSoftwareMeters>[0]["meters"][number];

function open(hostname: string, port: number, meter: Meter) {
  try {
    return serveSoftwareMeters({ hostname, port, meters: [meter] });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    throw new Failure(`cannot listen on ${hostname}:${port}: ${error.message}; try --port 0`);
  }
}

export const command: Command = {
  name: "meter simulate",
  summary: "Runs a meter in software on a socket, to try a slave without hardware",
  positionals: { usage: "ID", min: 1, max: 1 },
  options: {
    consumer: {
      type: "string",
      placeholder: "NUMBER",
      help: "Its register 0.0.0 (default: the ID)",
    },
    "load-w": {
      type: "string",
      placeholder: "W",
      default: `${LOAD_DEFAULT_W}`,
      help: "Steady load",
    },
    host: { type: "string", placeholder: "ADDRESS", default: "127.0.0.1", help: "Where to listen" },
    port: {
      type: "string",
      placeholder: "N",
      default: `${PORT_DEFAULT}`,
      help: "TCP port; 0: any",
    },
  },
  help: `Answers IEC 62056-21 readouts (mode C) on a socket until SIGTERM, as a meter behind a
serial-to-network converter does. Its register has stood at zero on 1 January 2026 and
rises with the load, whether it runs or not. It is enrolled under its own consumer number:
samay meter enrol --consumer 170012340001, as samay start --help has it.

Examples
  samay meter simulate MH00000001 --consumer 170012340001 --load-w 800
  samay meter read --serial tcp://127.0.0.1:8021`,
  run,
};
