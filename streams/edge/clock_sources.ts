/** Where a slave gets its time: the masters over the broker, NTP servers over UDP, or both. */
import { RetryableError } from "../../protocol/errors.ts";
import type { NatsBroker } from "../jetstream/connection.ts";
import { askBroker } from "../time/broker_time.ts";
import type { LocalClock } from "../time/local_clock.ts";
import type { TimeSource } from "../time/time_sync.ts";
import { askUdp, parseTimeServer } from "../time/udp_client.ts";
import type { SlaveConfiguration } from "./configuration.ts";

const TIMEOUT_MS = 2_000;

/** `broker` gives the broker while its link is up. */
export function timeSources(
  time: SlaveConfiguration["time"],
  clock: LocalClock,
  broker: () => NatsBroker | undefined,
): TimeSource[] {
  const sources: TimeSource[] = time.servers.map((text) => {
    const server = parseTimeServer(text)!; // The configuration was checked.
    return { name: text, ask: (signal) => askUdp(server, clock, TIMEOUT_MS, signal) };
  });
  if (time.broker) {
    const ask = () => {
      const connected = broker();
      if (connected === undefined) throw new RetryableError("the broker is not reached");
      return askBroker(connected, clock, TIMEOUT_MS);
    };
    sources.push({ name: "broker", ask: () => Promise.resolve().then(ask) });
  }
  return sources;
}
