/** A ledger of the world: the production loop, projection and feed over the world's servers. */
import { deadLetterTo } from "../../../streams/database/ledger_dead.ts";
import { runLedger } from "../../../streams/database/ledger_loop.ts";
import type { LedgerStore } from "../../../streams/database/ledger_store.ts";
import type { Stoppable } from "../../../streams/jetstream/broker.ts";
import type { NatsBroker } from "../../../streams/jetstream/connection.ts";
import { journalFeed } from "../../../streams/jetstream/journal_feed.ts";
import type { Log } from "../../../streams/terminal/log.ts";

export async function startLedger(
  broker: NatsBroker,
  store: LedgerStore,
  log: Log,
): Promise<Stoppable> {
  const feed = await journalFeed(broker, log);
  const ledger = runLedger({
    store,
    feed,
    log,
    timers: broker.timers,
    recordsMax: 8,
    deadLetter: deadLetterTo(broker),
    onCommitted: ({ cursor }) => feed.passed(cursor),
  });
  return {
    stop: async () => {
      await ledger.stop();
      await feed.stop();
    },
  };
}
