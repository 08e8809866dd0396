/** `samay frame seal`: one frame from JSON on stdin, for vectors and for people who debug. */
import { toHex } from "../../../protocol/bytes.ts";
import { clockQuality } from "../../../protocol/messages/common.ts";
import { z } from "../../../protocol/schema.ts";
import { CIPHERTEXT_LENGTH_MAX } from "../../../protocol/tves/frame.ts";
import { HeadEndKeys } from "../../../protocol/tves/keys.ts";
import { sealFrame } from "../../../protocol/tves/seal.ts";
import { type Command, UsageError } from "../command.ts";
import { hexBytes, keyFields, second, uint } from "../frame_input.ts";
import { readJsonInput } from "../stdin.ts";

/** What is read from stdin. */
export const sealRequest = z.object({
  ...keyFields,
  suite: z.union([z.literal(1), z.literal(2), z.literal(3)], {
    error: "1 (AES-256-GCM), 2 (AES-256-GCM-SIV) or 3 (ChaCha20-Poly1305)",
  }),
  hint: z.boolean(),
  clockQuality,
  boot: uint(0xffff),
  sequence: uint(0xffff_ffff).min(1),
  t: second.int(),
  plaintext: hexBytes(CIPHERTEXT_LENGTH_MAX),
});

/** The frame that `request` asks for. Throws `UsageError` when there is no key for its second. */
export function sealAsAsked(request: z.output<typeof sealRequest>): { frame: string } {
  const secondKey = new HeadEndKeys(request).secondKey(request.t);
  if (secondKey === undefined) {
    throw new UsageError(
      `t: second ${request.t} has no key: keys begin on enrolmentDay ${request.enrolmentDay} ` +
        `(second ${request.enrolmentDay * 86_400}) and reach a hundred years`,
    );
  }
  return { frame: toHex(sealFrame({ ...request, t_s: request.t, secondKey })) };
}

export const command: Command = {
  name: "frame seal",
  summary: "Seals one frame from JSON on stdin",
  options: {
    json: { type: "boolean", help: "Print {frame} as one JSON document" },
  },
  help: `Seals one TVES/2 frame with the key of a given second. Reads JSON from stdin:

  {"suite": 1, "hint": false, "clockQuality": 2, "alias": 7, "generation": 1,
   "boot": 1, "sequence": 1, "t": 1777352968, "enrolmentDay": 20510,
   "meterId": "MH00113978", "key": "<64 hex digits>", "plaintext": "<hex>"}

suite 1 is AES-256-GCM, 2 is AES-256-GCM-SIV, 3 is ChaCha20-Poly1305. t is Unix time in whole
seconds, enrolmentDay the UTC day number of the enrolment. Whoever can read the shell's history can
read a key typed there: pipe the JSON from a file.

  samay frame seal < request.json`,
  async run({ values }) {
    const result = sealAsAsked(await readJsonInput(sealRequest, "the frame to seal"));
    console.log(values.json === true ? JSON.stringify(result) : result.frame);
    return 0;
  },
};
