import assert from "node:assert/strict";
import { RetryableError, TerminalError } from "../../../protocol/errors.ts";
import type { Command } from "../../../protocol/messages/command.ts";
import { commandFor } from "./rekeys.ts";
import { Commands } from "../../../streams/edge/commands.ts";

const messageOf = (content: unknown, deliveries = 1) => ({
  subject: "samay.command.south",
  payload: new TextEncoder().encode(JSON.stringify(content)),
  headers: {},
  sequence: 5,
  arrival_ms: 0,
  deliveries,
});
const readNow = {
  command: "read-now",
  request_id: "r1",
  meter_id: "M1",
  requested_at_ms: 1,
  expires_at_ms: 2,
};

Deno.test("Commands acknowledges a read-now when it is done with, and obeys a second delivery once", async () => {
  const obeyed: Command[] = [];
  const commands = new Commands((command) => obeyed.push(command));
  let acknowledged = 0;
  const first = commands.handle(messageOf(readNow)).then(() => acknowledged++);
  const second = commands.handle(messageOf(readNow, 2)).then(() => acknowledged++);
  await new Promise((done) => setTimeout(done, 5));
  assert.equal(acknowledged, 0);
  commands.done("r1", "done");
  await Promise.all([first, second]);
  await commands.handle(messageOf(readNow, 3));
  assert.equal(obeyed.length, 1);
});

Deno.test("Commands sets aside what is malformed or for a meter that is not here", async () => {
  const commands = new Commands((command) => commands.done(command.request_id, "unknown_meter"));
  await assert.rejects(commands.handle(messageOf(readNow)), TerminalError);
  await assert.rejects(commands.handle(messageOf({ command: "dance" })), TerminalError);
  await assert.rejects(
    commands.handle(messageOf(commandFor("M9", 1, Date.now() / 1_000))),
    /M9 is not on this/,
  );
});

Deno.test("Commands hands back what is under way when the slave stops", async () => {
  const commands = new Commands(() => {});
  const waiting = commands.handle(messageOf(readNow));
  commands.stop();
  await assert.rejects(waiting, RetryableError);
});
