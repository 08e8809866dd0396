/** Where a slave gets its time: the masters over the broker, NTP servers over UDP, or both. */
import { RetryableError } from "../../protocol/errors.ts";
import type { NatsBroker } from "../jetstream/connection.ts";
import { askBroker } from "../time/broker_time.ts";
import type { LocalClock } from "../time/local_clock.ts";
import { sleep } from "../time/sleep.ts";
import type { TimeSource } from "../time/time_sync.ts";
import { parseTimeServer, udpAsker } from "../time/udp_client.ts";
import type { SlaveConfiguration } from "./configuration.ts";

const TIMEOUT_MS = 2_000;
const LINK_POLL_MS = 50;

/** `broker` gives the broker while its link is up. */
export function timeSources(
  time: SlaveConfiguration["time"],
  clock: LocalClock,
  broker: () => NatsBroker | undefined,
): TimeSource[] {
  const sources: TimeSource[] = time.servers.map((text) => {
    const server = parseTimeServer(text)!; // The configuration was checked.
    return { name: text, ask: udpAsker(server, clock, TIMEOUT_MS) };
  });
  if (time.broker) {
    const ask = async (signal: AbortSignal) => {
      const connected = await linkedBroker(broker, signal);
      if (connected === undefined) throw new RetryableError("the broker is not reached");
      return await askBroker(connected, clock, TIMEOUT_MS);
    };
    sources.push({ name: "broker", ask });
  }
  return sources;
}

/** Gives a connection that is being made a moment: at the start it comes just after the question. */
async function linkedBroker(broker: () => NatsBroker | undefined, signal: AbortSignal) {
  for (let waited_ms = 0; waited_ms < TIMEOUT_MS; waited_ms += LINK_POLL_MS) {
    const connected = broker();
    if (connected !== undefined || signal.aborted) return connected;
    await sleep(LINK_POLL_MS, signal);
  }
  return broker();
}
