import assert from "node:assert/strict";
import fc from "fast-check";
import { parseCapture } from "../../../protocol/iec62056/capture.ts";
import { bytesOf, charactersOf } from "../../../protocol/iec62056/characters.ts";
import { blockCheckCharacter, crc16 } from "../../../protocol/iec62056/check.ts";
import { concat } from "../../../protocol/bytes.ts";
import { type Found, TelegramScanner } from "../../../protocol/iec62056/scanner.ts";
import { block, capture, E350_LINES, P1_LINES } from "./given.ts";

const E350 = concat(bytesOf("/ELS5\\@V9.30 \r\n"), block(...E350_LINES));

function p1(lines: readonly string[] = P1_LINES): Uint8Array {
  const body = bytesOf(`${lines.join("\r\n")}\r\n!`);
  return concat(body, bytesOf(`${crc16(body).toString(16).toUpperCase().padStart(4, "0")}\r\n`));
}

function scan(...chunks: Uint8Array[]): Found[] {
  const scanner = new TelegramScanner();
  return [...chunks.flatMap((chunk) => scanner.push(chunk)), ...scanner.finish()];
}

const kinds = (found: Found[]) =>
  found.filter((item) => item.kind !== "identification").map((item) =>
    item.kind === "fault" ? item.failure.reason : item.kind
  );

const changed = (bytes: Uint8Array, at: number, to: number) => {
  const copy = bytes.slice();
  copy[at] = to;
  return copy;
};

Deno.test("blockCheckCharacter() is the exclusive or up to ETX", () => {
  assert.equal(blockCheckCharacter(bytesOf("!\r\n\x03")), 0x21 ^ 0x0d ^ 0x0a ^ 0x03);
});

Deno.test("crc16() gives the check value of CRC-16/ARC", () => {
  assert.equal(crc16(bytesOf("123456789")), 0xbb3d);
});

for (
  const [name, check, registers] of [
    ["dsmr/telegram_v2_2.txt", "none", 17],
    ["dsmr/telegram_v4_2.txt", "crc16", 33],
    ["dsmr/telegram_v5.txt", "crc16", 37],
    ["iec62056-21/ace-mode-e.json", "none", 5],
    ["iec62056-21/landis-gyr-e350.json", "none", 5],
    ["iec62056-21/mode-d-push.json", "none", 50],
  ] as const
) {
  const bytes = capture(name);
  Deno.test({ name: `parseCapture() reads ${name}`, ignore: bytes === null }, () => {
    const result = parseCapture(bytes!);
    assert("readout" in result);
    assert.equal(result.readout.check, check);
    assert.equal(result.readout.registers.length, registers);
  });
}

Deno.test("TelegramScanner finds the same telegram however its bytes are split", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(E350, p1()),
      fc.array(fc.nat(400), { maxLength: 12 }),
      (bytes, cuts) => {
        const at = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b)];
        const chunks = at.map((start, i) => bytes.subarray(start, at[i + 1] ?? bytes.length));
        assert.deepEqual(scan(...chunks), scan(bytes));
        assert.deepEqual(kinds(scan(...chunks)), ["telegram"]);
      },
    ),
  );
});

Deno.test("TelegramScanner never takes a telegram with one changed character in its block", () => {
  const start = E350.indexOf(2) + 1;
  fc.assert(
    fc.property(fc.integer({ min: start, max: E350.length - 1 }), fc.nat(127), (at, to) => {
      fc.pre(E350[at] !== to);
      assert(!kinds(scan(changed(E350, at, to))).includes("telegram"));
    }),
    { numRuns: 500 },
  );
});

Deno.test("TelegramScanner names a wrong BCC with both values", () => {
  const found = scan(changed(E350, E350.length - 1, 0x55));
  assert.deepEqual(kinds(found), ["wrong_bcc"]);
  assert.match(JSON.stringify(found), /received 55, computed [0-9A-F]{2}/);
});

Deno.test("TelegramScanner names a wrong CRC, and one that DSMR 4 promised but did not send", () => {
  const text = new TextDecoder().decode(p1());
  assert.deepEqual(kinds(scan(bytesOf(text.replace("4.426", "4.427")))), ["wrong_crc"]);
  assert.deepEqual(kinds(scan(bytesOf(text.replace(/![0-9A-F]{4}/, "!")))), ["wrong_crc"]);
  assert.deepEqual(
    kinds(scan(bytesOf(text.replace("\r\n1-3:0.2.8(50)", "").replace(/![0-9A-F]{4}/, "!")))),
    ["telegram"],
  );
});

Deno.test("TelegramScanner passes over garbage before a telegram", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (noise) => {
      // A noise that happens to be a whole telegram's beginning is the next test's matter.
      const plain = charactersOf(noise, "7E1").filter((c) => c !== 0x2f);
      assert.deepEqual(kinds(scan(plain, E350)), ["telegram"]);
    }),
  );
});

Deno.test("TelegramScanner passes over half a telegram, wherever it was cut, to the next one", () => {
  const telegram = p1();
  // A P1 telegram is whole without its last line end.
  for (const [whole, end] of [[E350, E350.length], [telegram, telegram.length - 2]] as const) {
    for (let cut = 1; cut < end; cut++) {
      const result = kinds(scan(whole.subarray(0, cut), whole));
      assert.equal(result.at(-1), "telegram", `cut at ${cut} of ${whole.length}`);
      assert.equal(result.filter((kind) => kind === "telegram").length, 1);
    }
  }
});

Deno.test("TelegramScanner takes units with a slash for what they are", () => {
  const bytes = concat(bytesOf("/SAM5x\r\n"), block("0.3.0(3200*imp/kWh)", "1.8.0(1*kWh)"));
  assert.deepEqual(kinds(scan(bytes)), ["telegram"]);
});

Deno.test("TelegramScanner passes over echoes of the request and the acknowledgement", () => {
  const echoed = concat(
    bytesOf("/?!\r\n/ELS5\\@V9.30 \r\n\x06050\r\n"),
    block(...E350_LINES),
  );
  assert.deepEqual(kinds(scan(echoed)), ["telegram"]);
  const plain = bytesOf(`/ELS5x\r\n\x06050\r\n${E350_LINES.join("\r\n")}\r\n!\r\n`);
  assert.deepEqual(kinds(scan(plain)), ["telegram"]);
});

Deno.test("TelegramScanner gives up a telegram or a line that is too long, and finds the next", () => {
  const lines = Array.from({ length: 9_000 }, () => "1.8.0(1)\r\n").join("");
  const endless = bytesOf(`/ABC5x\r\n\x02${lines}`);
  assert.deepEqual(kinds(scan(endless, E350)), ["too_long", "telegram"]);
  const line = bytesOf(`/ABC5x\r\n\x021.8.0(${"1".repeat(8_200)}`);
  assert.deepEqual(kinds(scan(line, E350)), ["too_long", "telegram"]);
});

Deno.test("TelegramScanner.finish() says how far a telegram came", () => {
  assert.deepEqual(kinds(scan(E350.subarray(0, 40))), ["cut_off"]);
  assert.deepEqual(kinds(scan(E350.subarray(0, E350.length - 1))), ["cut_off"]);
  assert.deepEqual(kinds(scan(bytesOf("/ELS5x\r\n"))), ["no_data"]);
  assert.deepEqual(kinds(scan(bytesOf(`/ELS5x\r\n${"\x7f~".repeat(20)}`))), ["garbage"]);
});

Deno.test("TelegramScanner says what is wrong in a block that is no list of data sets", () => {
  const bytes = concat(bytesOf("/ELS5x\r\n"), block("1.8.0(1*kWh", "2.8.0"));
  assert.deepEqual(kinds(scan(bytes)), ["malformed_data"]);
});

Deno.test("charactersOf() cuts the parity bit off with 7E1 alone", () => {
  assert.deepEqual(charactersOf(Uint8Array.of(0xaf, 0x41), "7E1"), Uint8Array.of(0x2f, 0x41));
  assert.deepEqual(charactersOf(Uint8Array.of(0xaf), "8N1"), Uint8Array.of(0xaf));
});

Deno.test("TelegramScanner ends a telegram without a line end where the next one begins", () => {
  assert.deepEqual(kinds(scan(bytesOf("/ABC5x\r\n1.8.0(1)\r\n!"), p1())), ["telegram", "telegram"]);
});

Deno.test("TelegramScanner does not take the end of an echoed request for the end of the data", () => {
  const found = scan(bytesOf("/ELS5x\r\n/?!\r\n1.8.0(1)\r\n!\r\n"));
  const telegram = found.find((item) => item.kind === "telegram");
  assert.equal(telegram?.readout.registers.length, 1);
});

Deno.test("TelegramScanner holds no more than a line may be long", () => {
  const scanner = new TelegramScanner();
  scanner.push(bytesOf("/" + "x".repeat(10_000)));
  assert(scanner.garbage > 9_000);
  const trailing = new TelegramScanner();
  const found = trailing.push(bytesOf("/ABC5x\r\n1.8.0(1)\r\n!" + "x".repeat(20)));
  assert.deepEqual(kinds(found), ["malformed_data"]);
});
