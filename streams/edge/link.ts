/**
 * Whether the broker can be reached. The client library keeps what is published while the link is
 * down and sends it all later, when the seconds it was sealed in are long past: so nothing is sealed
 * for a link that is known to be down.
 */
import type { NatsBroker } from "../jetstream/connection.ts";

export interface Link {
  /** Undefined until the first connection. */
  readonly broker: NatsBroker | undefined;
  stop(): void;
}

/** Watches `broker`; `onChange` is told each time the link comes up or goes down. */
export function watchLink(
  broker: NatsBroker | Promise<NatsBroker>,
  onChange: (up: boolean, broker: NatsBroker) => void,
  onFailure: (error: Error) => void,
): Link {
  const link: { broker: NatsBroker | undefined; stop: () => void } = {
    broker: undefined,
    stop: () => stopped = true,
  };
  let stopped = false;
  const follow = async () => {
    const connected = await broker;
    if (stopped) return;
    link.broker = connected;
    onChange(true, connected);
    for await (const { type } of connected.connection.status()) {
      if (stopped) return;
      if (type === "disconnect") onChange(false, connected);
      if (type === "reconnect") onChange(true, connected);
    }
  };
  follow().catch((error) => {
    if (!stopped) onFailure(error);
  });
  return link;
}
