import assert from "node:assert/strict";
import { concat } from "../../../protocol/bytes.ts";
import { bytesOf } from "../../../protocol/iec62056/characters.ts";
import { crc16 } from "../../../protocol/iec62056/check.ts";
import { TelegramListener } from "../../../protocol/iec62056/listener.ts";
import { P1_LINES } from "./given.ts";
import { converse, type Reply } from "./world.ts";

const body = bytesOf(`${P1_LINES.join("\r\n")}\r\n!`);
const P1 = concat(body, bytesOf(`${crc16(body).toString(16).toUpperCase().padStart(4, "0")}\r\n`));
const DAMAGED = P1.map((byte, i) => i === 60 ? byte ^ 1 : byte);

const listen = (pushed: readonly Reply[], closed_ms = Infinity) =>
  converse(
    new TelegramListener({ framing: "8N1", timeout_ms: 30_000 }),
    () => [],
    pushed,
    closed_ms,
  );

const every10s = (...telegrams: Uint8Array[]) =>
  telegrams.map((bytes, i) => ({ after_ms: 1_000 + 10_000 * i, bytes }));

Deno.test("TelegramListener takes the first whole telegram and sends nothing", () => {
  const { readout, ended_ms, log } = listen(every10s(P1.slice(100), P1, P1));
  assert.equal(readout?.check, "crc16");
  assert.equal(ended_ms, 11_000);
  assert.deepEqual(log, []);
});

Deno.test("TelegramListener goes on after a damaged telegram", () => {
  assert(listen(every10s(DAMAGED, P1.slice(0, 90), P1)).readout);
});

Deno.test("TelegramListener names the last fault when the time runs out", () => {
  const { failure, ended_ms } = listen(every10s(DAMAGED));
  assert.equal(failure?.reason, "wrong_crc");
  assert.equal(ended_ms, 30_000);
  assert.equal(listen(every10s(P1.slice(0, 90))).failure?.reason, "cut_off");
  assert.equal(listen(every10s(bytesOf("\x80\x91hello"))).failure?.reason, "garbage");
  assert.equal(listen([]).failure?.reason, "silent");
});

Deno.test("TelegramListener gives up after five damaged telegrams", () => {
  const fast = Array.from({ length: 9 }, (_, i) => ({ after_ms: i * 100, bytes: DAMAGED.slice() }));
  const { failure, ended_ms } = listen(fast);
  assert.equal(failure?.reason, "wrong_crc");
  assert.equal(ended_ms, 400);
});

Deno.test("TelegramListener takes a telegram that ends with the line", () => {
  const bytes = bytesOf("/SIE32WR5\r\n6.8(0029.055*MWh)\r\n!");
  assert.equal(listen([{ after_ms: 100, bytes }], 200).readout?.check, "none");
  assert.equal(listen([], 200).failure?.reason, "line_closed");
});
