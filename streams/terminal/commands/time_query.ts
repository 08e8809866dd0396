/** `samay time query HOST[:PORT]`: this machine's clock against an NTP server. */
import { type QueryResult, queryTime } from "../../time/query.ts";
import { systemClock } from "../../time/local_clock.ts";
import { parseTimeServer, udpAsker } from "../../time/udp_client.ts";
import { type Command, type ParsedArguments, UsageError } from "../command.ts";
import { wholeNumber } from "../whole_number.ts";

const SAMPLES_DEFAULT = 4;
const SAMPLES_MAX = 64;
const TIMEOUT_MS = 2_000;
/** A short burst is what servers expect of a one-time client; a longer series must be polite. */
const BURST = 8;
const BURST_SPACING_MS = 200;
const SERIES_SPACING_MS = 2_000;

/** Seconds with a sign, down to the microsecond. */
const seconds = (value: number) => `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(6)} s`;

function forPeople(server: string, result: QueryResult): string {
  return [
    `${server}: stratum ${result.stratum}, reference ${result.reference}, leap ${result.leap}`,
    `  offset      ${seconds(result.offset_s)}  (to be added to this machine's clock)`,
    `  delay       ${seconds(result.delay_s)}`,
    `  dispersion  ${seconds(result.dispersion_s)}`,
    `  answers     ${result.samples}`,
  ].join("\n");
}

async function run({ values, positionals }: ParsedArguments): Promise<number> {
  const text = positionals[0]!;
  const server = parseTimeServer(text);
  if (server === undefined) {
    throw new UsageError(`"${text}" is no server: HOST, HOST:PORT or [IPV6]:PORT`);
  }
  const samples = wholeNumber("samples", values.samples, SAMPLES_DEFAULT, 1, SAMPLES_MAX);
  const ask = udpAsker(server, systemClock, TIMEOUT_MS);
  const result = await queryTime({
    server: text,
    samples,
    spacing_ms: samples <= BURST ? BURST_SPACING_MS : SERIES_SPACING_MS,
    ask: () => ask(),
  });
  console.log(values.json === true ? JSON.stringify(result) : forPeople(text, result));
  return 0;
}

export const command: Command = {
  name: "time query",
  summary: "Measures this machine's clock against an NTP server",
  positionals: { usage: "HOST[:PORT]", min: 1, max: 1 },
  options: {
    samples: {
      type: "string",
      placeholder: "N",
      help: `questions to ask, 1 to ${SAMPLES_MAX} (default ${SAMPLES_DEFAULT})`,
    },
    json: { type: "boolean", help: "one JSON document on stdout" },
  },
  help: `Asks an NTP server (RFC 5905) over UDP and prints by how much this machine's clock is off.
The clock itself is not touched. A server that is not synchronised, too far from its reference
or answers falsely is refused with the reason and exit code 1.

  samay time query time.nist.gov
  samay time query 127.0.0.1:11123 --samples 8 --json`,
  run,
};
