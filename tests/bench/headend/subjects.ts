/** What many meters cost the broker itself: a stream with a subject a meter, filled and read. */
import { subjects } from "../../../protocol/subjects.ts";
import { startBrokerProcess } from "../../../streams/jetstream/broker_process.ts";
import { connect } from "../../../streams/jetstream/connection.ts";
import { shardPortsOver } from "../../../streams/jetstream/shard_ports.ts";
import { applyTopology } from "../../../streams/jetstream/topology.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { PARTITIONS } from "../../../protocol/subjects.ts";
import { natsServerProgram } from "../../support/broker.ts";
import { meterIdOf } from "./fleet.ts";
import { usageOf } from "./processes.ts";

export interface SubjectFigures {
  readonly subjects: number;
  readonly publish_a_second: number;
  readonly consume_a_second: number;
  readonly rss_mb: number;
  readonly disk_mb: number;
}

/** As long as a sealed frame of one register. */
const FRAME_BYTES = 112;
const AT_ONCE = 2_000;

export async function measureSubjects(count: number): Promise<SubjectFigures> {
  const dataDir = await Deno.makeTempDir({ prefix: "samay-bench-" });
  const server = await startBrokerProcess({ program: await natsServerProgram(), dataDir });
  try {
    const broker = await connect({ url: server.url, name: "bench" });
    await applyTopology(broker);
    const payload = crypto.getRandomValues(new Uint8Array(FRAME_BYTES));
    const published_ms = await timed(async () => {
      let before: Promise<unknown> = Promise.resolve();
      for (let from = 0; from < count; from += AT_ONCE) {
        const batch = Array.from(
          { length: Math.min(AT_ONCE, count - from) },
          (_, i) => broker.publish(subjects.frame(meterIdOf(from + i)), payload),
        );
        await before;
        before = Promise.all(batch);
      }
      await before;
    });
    const ports = await shardPortsOver(broker, "bench", silentLog);
    const consumed_ms = await timed(async () => {
      await Promise.all(Array.from({ length: PARTITIONS }, async (_, partition) => {
        const source = await ports.input("meter", partition, 1, 0);
        while ((await source.take(1_000, 3_000)).length > 0);
        await source.stop();
      }));
    });
    const { rss_mb } = usageOf([server.pid]);
    const { bytes } = (await (await broker.manager()).streams.info("FRAMES")).state;
    await broker.close();
    return {
      subjects: count,
      publish_a_second: 1_000 * count / published_ms,
      // The last take of each partition waits to see that nothing comes.
      consume_a_second: 1_000 * count / (consumed_ms - 3_000),
      rss_mb,
      disk_mb: bytes / 2 ** 20,
    };
  } finally {
    await server.stop();
    await Deno.remove(dataDir, { recursive: true });
  }
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started_ms = performance.now();
  await work();
  return performance.now() - started_ms;
}
