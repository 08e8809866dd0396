/** The broker of `samay start` and of the demo: a nats-server of our own, unless one is named. */
import { type BrokerProcess, startBrokerProcess } from "../jetstream/broker_process.ts";
import { Failure } from "../terminal/command.ts";
import { findTool } from "../tools/find.ts";

export async function startOwnBroker(dataDir: string, port: number): Promise<BrokerProcess> {
  const tool = await findTool("nats-server");
  if (tool === undefined) {
    throw new Failure("nats-server is not installed: run `deno task setup`, it brings one");
  }
  return await startBrokerProcess({
    program: tool.path,
    dataDir: `${dataDir}/broker`,
    port,
    // A terminal's Ctrl-C goes to the whole group: the broker must stay until the roles have drained.
    detached: true,
  });
}
