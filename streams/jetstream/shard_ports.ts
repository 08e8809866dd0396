/** The world of a shard, over JetStream. */
import { type JournalKind, partitionToken, subjects } from "../../protocol/subjects.ts";
import type { ShardPorts } from "../masters/ports.ts";
import type { Log } from "../terminal/log.ts";
import type { NatsBroker } from "./connection.ts";
import { StreamJournal } from "./journal.ts";
import { ledgerPassed } from "./journal_feed.ts";
import { OrderedInput } from "./ordered_input.ts";
import { snapshotsIn } from "./snapshots.ts";
import { inputConsumerName } from "./topology.ts";
import { oneLine } from "./work.ts";

const INPUTS: Record<JournalKind, { stream: "FRAMES" | "SESSIONS"; token: string }> = {
  meter: { stream: "FRAMES", token: "frame" },
  session: { stream: "SESSIONS", token: "session" },
};

const json = (body: unknown) => new TextEncoder().encode(JSON.stringify(body));

export async function shardPortsOver(
  broker: NatsBroker,
  owner: string,
  log: Log,
): Promise<ShardPorts> {
  const snapshots = await broker.bucket("samay_snapshots");
  return {
    journal: (kind, partition) => new StreamJournal(broker, kind, partition, log),
    snapshots: snapshotsIn(snapshots),
    ledgerPassed: () => ledgerPassed(snapshots),
    input: async (kind, partition, epoch, cursor) => {
      const { stream, token } = INPUTS[kind];
      const input = new OrderedInput(broker, {
        stream,
        filter: `samay.${token}.${partitionToken(partition)}.*`,
        name: inputConsumerName(kind, partition, epoch),
        description: `Partition ${partition}, epoch ${epoch}, owned by ${owner}`,
        cursor,
        log,
      });
      await input.open();
      return input;
    },
    tell: (subject, body) => broker.tell(subject, json(body)),
    publish: async (subject, body, messageId) => {
      await broker.publish(subject, json(body), { messageId });
    },
    setAside: async (kind, partition, input, reason) => {
      const { stream } = INPUTS[kind];
      await broker.publish(subjects.dead(stream, partition), input.payload, {
        messageId: `${stream}-${input.sequence}`,
        headers: {
          "Samay-Reason": oneLine(reason),
          "Samay-Sequence": String(input.sequence),
          "Samay-Id": input.id,
        },
      });
    },
  };
}
