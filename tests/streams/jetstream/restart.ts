/** A broker that a test kills and starts again on the same port and files. */
import assert from "node:assert/strict";
import { startBrokerProcess } from "../../../streams/jetstream/broker_process.ts";
import type { Log } from "../../../streams/terminal/log.ts";
import type { TestBroker } from "../../support/broker.ts";
import { eventually } from "../../support/eventually.ts";

/** `meanwhile` may change its files. */
export async function restart(
  given: TestBroker,
  down_ms = 0,
  meanwhile: () => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const { process, program, dataDir } = given;
  await process.kill();
  await new Promise((resolve) => setTimeout(resolve, down_ms));
  await meanwhile();
  const next = await startBrokerProcess({ program, dataDir, port: process.port });
  // `withBroker` stops the one that it started: from now on that is this one.
  Object.assign(process, next);
}

/** From here on it takes what is sent and answers nothing: a signal is there a moment after it was sent. */
export async function standStill(pid: number): Promise<void> {
  Deno.kill(pid, "SIGSTOP");
  await eventually(async () => {
    const { stdout } = await new Deno.Command("ps", { args: ["-o", "stat=", "-p", String(pid)] })
      .output();
    assert.match(new TextDecoder().decode(stdout), /^T/);
  });
}

/** A log that keeps its lines. */
export function keptLog(): Log & { lines: string[] } {
  const lines: string[] = [];
  const say = (message: string, fields = {}) =>
    void lines.push(`${message} ${JSON.stringify(fields)}`);
  return { lines, info: say, warn: say, error: say };
}
