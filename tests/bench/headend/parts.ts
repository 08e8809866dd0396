/** What each part does alone, one after the other, on the stage of the whole. */
import type { Part, PartOrder, PartResult } from "./part_process.ts";
import { startChild } from "./processes.ts";
import type { Stage } from "./stage.ts";

export interface PartFigures extends PartResult {
  readonly a_second: number;
}

const PART_MS_MAX = 120_000;
const PARTS: readonly Part[] = ["consume", "open", "ledger", "append", "insert"];

export async function measureParts(
  stage: Stage,
  count: number,
): Promise<Record<string, PartFigures>> {
  const figures: Record<string, PartFigures> = {};
  // A new database would be taken for an old copy, behind what the ledger says it has committed.
  await (await stage.broker.manager()).streams.purge("KV_samay_snapshots");
  for (const part of PARTS) {
    console.error(`  ${part}`);
    const order: PartOrder = {
      part,
      count,
      url: stage.brokerProcess.url,
      databaseUrl: await stage.newDatabase("part"),
      kekFile: `${stage.dataDir}/kek`,
      servers: {
        "nats-server": stage.brokerProcess.pid,
        ...(stage.postgresPid && { PostgreSQL: stage.postgresPid }),
      },
    };
    const child = startChild<PartResult>("part_process.ts", order);
    stage.ends.push(() => Promise.resolve(child.kill()));
    const patience = setTimeout(() => child.kill(), PART_MS_MAX);
    try {
      const result = await child.result;
      figures[part] = { ...result, a_second: result.readings / result.seconds };
    } finally {
      clearTimeout(patience);
      child.kill();
    }
  }
  return figures;
}
