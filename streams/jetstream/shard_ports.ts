/** The world of a shard, over JetStream. */
import { type JournalKind, partitionToken, subjects } from "../../protocol/subjects.ts";
import type { ShardPorts } from "../masters/ports.ts";
import type { Log } from "../terminal/log.ts";
import type { NatsBroker } from "./connection.ts";
import { StreamJournal } from "./journal.ts";
import { ledgerPassed } from "./journal_feed.ts";
import { journalTrim } from "./journal_trim.ts";
import { OrderedInput } from "./ordered_input.ts";
import { SharedInput, type SharedInputOptions } from "./shared_input.ts";
import { snapshotsIn } from "./snapshots.ts";
import { inputConsumerName } from "./topology.ts";
import { oneLine } from "./work.ts";

const INPUTS: Record<JournalKind, { stream: "FRAMES" | "SESSIONS"; token: string }> = {
  meter: { stream: "FRAMES", token: "frame" },
  session: { stream: "SESSIONS", token: "session" },
};

const json = (body: unknown) => new TextEncoder().encode(JSON.stringify(body));

/** From when on partitions are read together; `SharedInput` has good ones of its own. */
export type Sharing = Pick<SharedInputOptions, "sharesMin" | "busy_a_second">;

export async function shardPortsOver(
  broker: NatsBroker,
  owner: string,
  log: Log,
  sharing: Sharing = {},
): Promise<ShardPorts> {
  const snapshots = await broker.bucket("samay_snapshots");
  const sharedOf = (kind: JournalKind) =>
    new SharedInput(broker, {
      stream: INPUTS[kind].stream,
      filter: `samay.${INPUTS[kind].token}.*.*`,
      name: `${kind}-all-${owner}`,
      description: `All partitions at once, for ${owner}, which holds many`,
      log,
      ...sharing,
    });
  const shared = { meter: sharedOf("meter"), session: sharedOf("session") };
  return {
    journal: (kind, partition) => new StreamJournal(broker, kind, partition, log),
    snapshots: snapshotsIn(snapshots),
    ledgerPassed: () => ledgerPassed(snapshots),
    trim: journalTrim(broker, snapshotsIn(snapshots)),
    input: async (kind, partition, epoch, cursor) => {
      const { stream, token } = INPUTS[kind];
      const name = inputConsumerName(kind, partition, epoch);
      let made = 0;
      return await shared[kind].share(partition, cursor, (behind) =>
        new OrderedInput(broker, {
          stream,
          filter: `samay.${token}.${partitionToken(partition)}.*`,
          name: made++ === 0 ? name : `${name}-again-${made}`,
          description: `Partition ${partition}, epoch ${epoch}, owned by ${owner}`,
          cursor: behind,
          log,
        }));
    },
    confirm: (slaveId, body) => broker.tell(subjects.confirm(slaveId), json(body)),
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
