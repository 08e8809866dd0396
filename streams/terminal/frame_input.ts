/** Fields that the JSON of `frame seal` and of `frame open` have in common. */
import { fromHex } from "../../protocol/bytes.ts";
import { id } from "../../protocol/messages/common.ts";
import { z } from "../../protocol/schema.ts";

/** Latest second that a frame may carry here: the end of the year 9999. */
const SECOND_MAX = 253_402_300_799;

/** Bytes in hexadecimal, at most `max` of them. */
export function hexBytes(max: number) {
  return z.string()
    .max(2 * max, `at most ${max} bytes`)
    .regex(/^(?:[0-9a-fA-F]{2})*$/, "whole bytes in hexadecimal")
    .transform(fromHex);
}

export const uint = (max: number) => z.int().min(0).max(max);

/** A Unix time in seconds, with or without its fraction. */
export const second = z.number().min(0).max(SECOND_MAX);

/** Whose frame it is, and the key that its seconds come from. */
export const keyFields = {
  meterId: id,
  alias: uint(0xffff_ffff),
  generation: uint(0xff),
  enrolmentDay: uint(Math.floor(SECOND_MAX / 86_400)),
  key: z.string().regex(/^[0-9a-fA-F]{64}$/, "64 hexadecimal digits").transform(fromHex),
};
