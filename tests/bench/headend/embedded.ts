/** The head-end as `samay start` has it: all roles in one process, on the embedded database. */
import { startChild, type Usage, usageOf } from "./processes.ts";
import type { Stage } from "./stage.ts";

export interface EmbeddedResult {
  readonly rows: number;
  readonly seconds: number;
  readonly a_second: number;
  readonly usage: Readonly<Record<string, Usage>>;
}

export interface EmbeddedOrder {
  readonly url: string;
  readonly dataDir: string;
  readonly meters: number;
  readonly expected: number;
}

export async function embeddedRun(
  stage: Stage,
  { meters, expected }: Pick<EmbeddedOrder, "meters" | "expected">,
): Promise<EmbeddedResult> {
  const order: EmbeddedOrder = {
    url: stage.brokerProcess.url,
    dataDir: stage.dataDir,
    ...{ meters, expected },
  };
  const child = startChild<{ rows: number; seconds: number }>("embedded_process.ts", order);
  try {
    await child.said("done");
    const usage = {
      "nats-server": usageOf([stage.brokerProcess.pid]),
      "head-end": usageOf([child.pid]),
    };
    const { rows, seconds } = await child.result;
    return { rows, seconds, a_second: rows / seconds, usage };
  } finally {
    child.kill();
  }
}
