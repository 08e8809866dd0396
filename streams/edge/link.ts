/**
 * The broker as soon as there is one, and its link. The client library keeps what is published while
 * the link is down and sends it all later, when the seconds it was sealed in are long past: so nothing
 * is sealed for a link that is known to be down.
 */
import type { Stoppable } from "../jetstream/broker.ts";
import type { NatsBroker } from "../jetstream/connection.ts";

/** Watches `broker`; `onChange` is told each time the link comes up or goes down. */
export function watchLink(
  broker: NatsBroker | Promise<NatsBroker>,
  onChange: (up: boolean, broker: NatsBroker) => void,
  onFailure: (error: Error) => void,
): { stop(): void } {
  let stopped = false;
  let listening: Stoppable | undefined;
  const follow = async () => {
    const connected = await broker;
    if (stopped) return;
    listening = connected.onLink((up) => onChange(up, connected));
    onChange(true, connected);
  };
  follow().catch((error) => {
    if (!stopped) onFailure(error);
  });
  return {
    stop() {
      stopped = true;
      listening?.stop();
    },
  };
}
