/** `samay lab aes`: one block through AES with every state on the way. */
import { fromHex } from "../../../protocol/bytes.ts";
import { describeAes, EXAMPLE_BLOCK, EXAMPLE_KEY, walkAes } from "../../lab/aes_walk.ts";
import { documentOf } from "../../lab/document.ts";
import { createPaint } from "../colour.ts";
import { type Command, UsageError } from "../command.ts";
import { counted } from "../counted.ts";

/** Hex digits of an option, of one of `lengths` bytes. */
function hexOf(name: string, value: unknown, fallback: string, lengths: readonly number[]) {
  const text = typeof value === "string" ? value : fallback;
  const digits = lengths.map((length) => 2 * length);
  const many = digits.length > 1 ? `${digits.slice(0, -1).join(", ")} or ${digits.at(-1)}` : digits;
  if (!/^[0-9a-f]*$/i.test(text)) {
    throw new UsageError(`--${name} is ${many} hexadecimal digits, not "${text.slice(0, 70)}"`);
  }
  if (!digits.includes(text.length)) {
    throw new UsageError(
      `--${name} is ${many} hexadecimal digits, and was given ${counted(text.length, "digit")}`,
    );
  }
  return fromHex(text);
}

export const command: Command = {
  name: "lab aes",
  summary: "Walks one block through AES, with every state on the way",
  options: {
    key: {
      type: "string",
      placeholder: "HEX",
      help: "Key of 16, 24 or 32 bytes (default: the one of FIPS-197 appendix B)",
    },
    block: {
      type: "string",
      placeholder: "HEX",
      help: "Block of 16 bytes (default: the one of FIPS-197 appendix B)",
    },
    json: { type: "boolean", help: "One JSON document: round keys and the state after each step" },
  },
  help: `Shows key expansion, SubBytes, ShiftRows, MixColumns and AddRoundKey round by round, each
state as the 4 x 4 matrix of the standard. Without options it is FIPS-197 appendix B, to be
compared line by line. For teaching: this AES is slow and its time tells about its key.

  samay lab aes
  samay lab aes --key 000102030405060708090a0b0c0d0e0f --block 00112233445566778899aabbccddeeff`,
  run({ values }) {
    const key = hexOf("key", values.key, EXAMPLE_KEY, [16, 24, 32]);
    const block = hexOf("block", values.block, EXAMPLE_BLOCK, [16]);
    console.log(
      values.json === true
        ? JSON.stringify(documentOf(walkAes(key, block)))
        : describeAes(key, block, createPaint()),
    );
    return Promise.resolve(0);
  },
};
