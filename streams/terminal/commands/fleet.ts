/** `samay fleet`: a load of simulated meters. */
import { RATE_MAX } from "../../fleet/schedule.ts";
import type { NatsBroker } from "../../jetstream/connection.ts";
import type { Stoppable } from "../../jetstream/broker.ts";
import { type Command, Failure, type ParsedArguments, UsageError } from "../command.ts";
import { counted } from "../counted.ts";
import { silentLog } from "../log.ts";
import { createProgress, type Progress } from "../progress.ts";
import { watchForStop } from "../signals.ts";
import { wholeNumber } from "../whole_number.ts";

const METERS = { usual: 200, max: 100_000 };
const RATE = { usual: 200, max: RATE_MAX };
const SECONDS = { usual: 10, max: 3_600 };
const WAIT_S = { usual: 30, max: 600 };
const IN_FLIGHT = { usual: 4_096, max: 65_536 };
/** A head-end of our own is up in some seconds. */
const START_WITHIN_MS = 60_000;
const LOOK_MS = 200;

interface Wanted {
  readonly meters: number;
  readonly rate: number;
  readonly seconds: number;
  readonly wait_s: number;
  readonly inFlight: number;
  readonly own: boolean;
  readonly json: boolean;
}

function wantedOf({ values }: ParsedArguments): Wanted {
  const number = (name: string, { usual, max }: typeof METERS, min: number) =>
    wholeNumber(name, values[name], usual, min, max);
  const meters = number("meters", METERS, 1);
  const rate = number("rate", RATE, 0);
  if (rate > meters * 1_000) {
    throw new UsageError(
      `--rate is at most 1000 a meter and second: ${counted(meters, "meter")} give no ${rate}`,
    );
  }
  return {
    ...{ meters, rate, seconds: number("seconds", SECONDS, 1) },
    wait_s: number("wait", WAIT_S, 0),
    inFlight: number("in-flight", IN_FLIGHT, 1),
    own: values.own === true,
    json: values.json === true,
  };
}

async function run(given: ParsedArguments): Promise<number> {
  const wanted = wantedOf(given);
  const { describeFleet, faultOf } = await import("../../fleet/report.ts");
  const started: Stoppable[] = [];
  const progress = createProgress();
  const watch = watchForStop();
  let interrupted = false;
  watch.stopped.then(() => interrupted = true);
  try {
    const broker = await openBroker(wanted, started, progress, () => !interrupted);
    const result = await load(wanted, broker, progress, watch.stopped, () => !interrupted);
    progress.end();
    console.log(wanted.json ? JSON.stringify(result) : describeFleet(result));
    const fault = faultOf(result);
    if (fault !== undefined) throw new Failure(fault);
  } finally {
    progress.end();
    for (const part of started.reverse()) await part.stop();
    watch.release();
  }
  return 0;
}

async function openBroker(
  { own }: Wanted,
  started: Stoppable[],
  progress: Progress,
  goOn: () => boolean,
): Promise<NatsBroker> {
  const { configurationOf } = await import("../../configuration/roles.ts");
  const { connect } = await import("../../jetstream/connection.ts");
  const { linkOptions } = await import("../../roles/link.ts");
  const keep = (broker: NatsBroker) => {
    started.push({ stop: () => broker.close() });
    return broker;
  };
  if (!own) return keep(await connect(linkOptions(configurationOf("operator"), "fleet")));
  progress.stage("Starting a head-end of its own; it is gone afterwards");
  const { startOwnHeadEnd } = await import("../../fleet/own_head_end.ts");
  const headEnd = await startOwnHeadEnd();
  started.push(headEnd);
  const broker = keep(await connect({ url: headEnd.url, name: "fleet" }));
  await untilReady(broker, headEnd, goOn);
  return broker;
}

/** Until every partition has an owner and the office answers. Throws `Failure` with what was said. */
async function untilReady(
  broker: NatsBroker,
  headEnd: { readonly logFile: string; readonly ended: Promise<unknown> },
  goOn: () => boolean,
): Promise<void> {
  const { askOffice } = await import("../../office/client.ts");
  const { PARTITIONS } = await import("../../../protocol/subjects.ts");
  const end_ms = performance.now() + START_WITHIN_MS;
  let ended = false;
  headEnd.ended.then(() => ended = true);
  while (goOn()) {
    try {
      const leases = await (await broker.bucket("samay_owners")).keys();
      const held = leases.filter((key) => key.startsWith("partition.")).length;
      if (held === PARTITIONS && await askOffice(broker, "meter-list", {}, 1_000)) return;
    } catch { // Not made yet, or nobody answers yet: until the time is over.
    }
    if (ended || performance.now() > end_ms) {
      const said = (await Deno.readTextFile(headEnd.logFile)).trim().split("\n").at(-1);
      throw new Failure(
        `The head-end of its own did not start; it said last: ${said || "nothing"}`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
  throw new Failure("stopped before the load began");
}

async function load(
  wanted: Wanted,
  broker: NatsBroker,
  progress: Progress,
  stopped: Promise<unknown>,
  goOn: () => boolean,
) {
  const { enrolFleet } = await import("../../fleet/enrol.ts");
  const { runFleet } = await import("../../fleet/run.ts");
  const { meters: count, rate, seconds, wait_s, inFlight } = wanted;
  progress.stage(`Enrolling ${counted(count, "meter")}, FLEET000000 and so on`);
  const { meters, slaves } = await enrolFleet(broker, count, {
    onProgress: (done) => progress.update(done, count),
    goOn,
  });
  if (!goOn()) throw new Failure("stopped before the load began");
  (await import("../../native/system_crypto.ts")).useSystemCrypto(silentLog);
  const speed = rate === 0 ? "as fast as they are acknowledged" : `${rate} frames a second`;
  progress.stage(`Sending for ${seconds} s, ${speed}`);
  return await runFleet({
    ...{ broker, meters, rate, seconds, inFlight, stopped, patience_s: wait_s },
    slaves: wait_s === 0 ? [] : slaves,
    onProgress: ({ elapsed_s, sealed, acknowledged, confirmed }) => {
      const done = Math.min(seconds, Math.floor(elapsed_s));
      const note = `s, ${sealed} sealed, ${acknowledged} acknowledged, ${confirmed} confirmed`;
      progress.update(elapsed_s < seconds ? done : seconds - 1, seconds, note);
    },
  });
}

const upTo = ({ usual, max }: typeof METERS) => `up to ${max} (default ${usual})`;

export const command: Command = {
  name: "fleet",
  summary: "Sends a load of simulated meters, and says how fast it was taken",
  options: {
    meters: { type: "string", placeholder: "N", help: `Meters that send, ${upTo(METERS)}` },
    rate: {
      type: "string",
      placeholder: "R",
      help: `Frames a second of all together, ${upTo(RATE)}; 0: as fast as goes`,
    },
    seconds: { type: "string", placeholder: "S", help: `How long they send, ${upTo(SECONDS)}` },
    wait: {
      type: "string",
      placeholder: "S",
      help: `Ends so long after the last confirmation, ${upTo(WAIT_S)}; 0: listens for none`,
    },
    "in-flight": {
      type: "string",
      placeholder: "N",
      help: `Frames that wait for the broker at a time, ${upTo(IN_FLIGHT)}`,
    },
    own: { type: "boolean", help: "Against a head-end of its own, thrown away afterwards" },
    json: { type: "boolean", help: "One JSON document with every figure" },
  },
  help:
    `Each frame is one reading of one meter, sealed with the key of the second in which it goes out,
as a slave does it; meters, lines and outboxes are left out. It counts what the broker acknowledges
and what masters confirm (the reading stands in the journal), and ends by itself.

  samay fleet --own                                       to see it work; needs nothing
  samay fleet --meters 1000 --rate 2000 --seconds 60      on the head-end at SAMAY_NATS_URL
  samay fleet --own --meters 2000 --rate 0 --wait 0       how fast this side can be

On a head-end that runs already, meters FLEET000000, FLEET000001, ... are enrolled with slaves
fleet-0, fleet-1, ... They stay there, a second run uses them again, and they are billed like any
other: use a head-end for trial. Where users have passwords, the user needs samay.office.meter-enrol,
samay.frame.> and samay.confirm.fleet-*.

"A second a core" divides by the processor time of this process alone. Nothing is sent twice: a frame
that is lost on the way stays unconfirmed. Exit code 1 when anything was not acknowledged, was
refused, or was not confirmed in time.`,
  run,
};
