/** `samay time serve`: an NTP server from this machine's clock. */
import { systemClock } from "../../time/local_clock.ts";
import { localServerClock } from "../../time/server_clock.ts";
import { NTP_PORT } from "../../time/udp_client.ts";
import { type CannotServeError, serveTimeUdp } from "../../time/udp_server.ts";
import { type Command, Failure, type ParsedArguments } from "../command.ts";
import { createLog } from "../log.ts";
import { untilStopped } from "../signals.ts";
import { wholeNumber } from "../whole_number.ts";

/** What the system says when the port, not the address, is not to be had. */
const PORT_FAULTS = ["EADDRINUSE", "EACCES", "EPERM"];

function remedy({ code }: CannotServeError): string {
  return PORT_FAULTS.includes(code)
    ? "choose another with --port (below 1024 needs root)"
    : "choose an address of this machine with --host (0.0.0.0: all of them)";
}

async function run({ values }: ParsedArguments): Promise<number> {
  const log = createLog("time");
  const host = String(values.host ?? "127.0.0.1");
  const stratum = wholeNumber("stratum", values.stratum, 10, 1, 15);
  const server = await serveTimeUdp({
    host,
    port: wholeNumber("port", values.port, NTP_PORT, 0, 65_535),
    describe: localServerClock(systemClock.now_ns, stratum),
    log,
  }).catch((error: CannotServeError) => {
    throw new Failure(`${error.message}; ${remedy(error)}`);
  });
  log.info("answering NTP requests", { address: `${host}:${server.port}`, stratum });
  const signal = await untilStopped();
  await server.stop();
  log.info("stopped", { signal, ...server.counts() });
  return 0;
}

export const command: Command = {
  name: "time serve",
  summary: "Answers NTP requests",
  options: {
    port: { type: "string", placeholder: "N", help: `UDP port (default ${NTP_PORT}; 0: any)` },
    host: { type: "string", placeholder: "ADDRESS", help: "address (default 127.0.0.1)" },
    stratum: { type: "string", placeholder: "N", help: "stratum to state, 1 to 15 (default 10)" },
  },
  help: `Answers NTP requests (RFC 5905, versions 3 and 4) from this machine's clock until SIGTERM.
Answers are never longer than the questions; an address that asks more than 16 times at once
and then more than once in two seconds is told so (kiss code RATE) and not answered.

Let the machine's own clock be disciplined by chrony or another NTP client.

  samay time serve --port 11123 --host 0.0.0.0`,
  run,
};
