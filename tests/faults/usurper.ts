/**
 * Another has written its epoch behind a master's back, whose leases stand all the while: nothing but
 * the fence keeps the two apart. However busy the machine is, the master's next append must be refused.
 */
import { journalRecord } from "../../protocol/messages/journal.ts";
import { parseJson } from "../../protocol/schema.ts";
import { subjects } from "../../protocol/subjects.ts";
import { FencedError } from "../../streams/jetstream/broker.ts";
import { LEASE_MS } from "../../streams/masters/partition_holder.ts";
import { heldBy, linesOf } from "./harm_to_masters.ts";
import type { HeadEnd } from "./head_end.ts";
import type { Harm, Scenario } from "./scenario.ts";
import { until } from "./world.ts";

const NAME = "beta";
/** Whose machine is so busy that a lease runs out meanwhile tries again. */
const TRIES_MAX = 5;
/** A record that was on its way when its master was stopped may still come between. */
const APPENDS_MAX = 5;

async function usurp(harm: Harm): Promise<void> {
  const { head, fault, figures } = harm;
  for (let tries = 1; tries <= TRIES_MAX; tries++) {
    await head.untilBalanced();
    const { held } = heldBy(head, NAME);
    // Where no meter sends, nothing is appended.
    const busy = head.journal.busyPartitions();
    const partitions = [...held].filter((partition) => busy.has(partition));
    const before = await linesOf(head, NAME, "fenced off");
    const stopped_ms = await behindItsBack(head, partitions);
    if (stopped_ms > LEASE_MS / 2) continue;
    figures["partitions usurped"] = partitions.length;
    figures["stood still, ms"] = Math.round(stopped_ms);
    const refused = async () => await linesOf(head, NAME, "fenced off") - before;
    await until("every partition's next append is refused", async () => {
      return await refused() >= partitions.length;
    });
    figures["appends refused"] = await refused();
    return await head.untilBalanced();
  }
  fault(`the machine was too busy to write ${NAME}'s epochs within half a lease`);
}

/** While the master stands still an epoch is put behind each of its records. How long that took. */
async function behindItsBack(head: HeadEnd, partitions: readonly number[]): Promise<number> {
  const { pid } = head.masters.get(NAME)!;
  const stopped_ms = performance.now();
  Deno.kill(pid, "SIGSTOP");
  try {
    await Promise.all(partitions.map((partition) => writeEpoch(head, partition)));
  } finally {
    Deno.kill(pid, "SIGCONT");
  }
  return performance.now() - stopped_ms;
}

async function writeEpoch({ operator }: HeadEnd, partition: number): Promise<void> {
  const subject = subjects.journal("meter", partition);
  const { streams } = await operator.manager();
  for (let attempt = 1;; attempt++) {
    const last = await streams.getMessage("JOURNAL", { last_by_subj: subject });
    const text = new TextDecoder().decode(last.data);
    const { epoch, cursor } = parseJson(journalRecord, text, `Journal record ${last.seq}`);
    const record = {
      ...{ v: 1, type: "epoch", partition, owner: "usurper", events: [] },
      ...{ epoch: epoch + 1, cursor },
    };
    try {
      await operator.publish(subject, new TextEncoder().encode(JSON.stringify(record)), {
        expectLastSubjectSequence: last.seq,
      });
      return;
    } catch (error) {
      if (!(error instanceof FencedError) || attempt === APPENDS_MAX) throw error;
    }
  }
}

export const usurpers: readonly Scenario[] = [
  {
    name: "usurper",
    title: "Another's epoch stands behind a master whose leases stand",
    inShort: true,
    run: usurp,
  },
];
