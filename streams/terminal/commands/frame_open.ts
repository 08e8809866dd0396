/** `samay frame open`: opens one frame from JSON on stdin and says which second fits. */
import { toHex } from "../../../protocol/bytes.ts";
import type { RejectReason } from "../../../protocol/messages/journal.ts";
import { z } from "../../../protocol/schema.ts";
import { recordsOf, type SenmlRecord } from "../../../protocol/senml_records.ts";
import { CIPHERTEXT_LENGTH_MAX, FRAME_OVERHEAD, parseFrame } from "../../../protocol/tves/frame.ts";
import { HeadEndKeys } from "../../../protocol/tves/keys.ts";
import { openFrame } from "../../../protocol/tves/open.ts";
import { WINDOW_DEFAULT_S, WINDOW_MAX_S } from "../../../protocol/tves/window.ts";
import { candidateSeconds } from "../../../protocol/tves/window_width.ts";
import type { Command } from "../command.ts";
import { hexBytes, keyFields, second } from "../frame_input.ts";
import { readJsonInput } from "../stdin.ts";

/** What is read from stdin. */
export const openRequest = z.object({
  ...keyFields,
  arrival: second,
  window: z.number().min(0).max(WINDOW_MAX_S).default(WINDOW_DEFAULT_S),
  // Twice what a frame can have: a frame that is too long is refused as a frame, with its reason.
  frame: hexBytes(2 * (FRAME_OVERHEAD + CIPHERTEXT_LENGTH_MAX)),
});
type OpenRequest = z.output<typeof openRequest>;

/** What is printed. */
export type OpenAnswer =
  | {
    readonly opened: true;
    readonly t: number;
    readonly trials: number;
    readonly plaintext: string;
    readonly records: SenmlRecord[] | null;
  }
  | { readonly opened: false; readonly reason: RejectReason };

/** What a refused frame means, for people. */
const MEANING: Partial<Record<RejectReason, string>> = {
  wrong_length: "the frame is cut short or too long for the length it names",
  unknown_version: "the frame is not of TVES version 2",
  unknown_suite: "the frame is of a cipher suite that is not spoken here",
  unknown_flags: "the frame has reserved flags, or a hint without its flag",
  unknown_meter: "the frame carries another alias than the one given",
  unknown_generation: "the frame is of another key generation than the one given",
  no_key_in_window:
    "no second within the window fits: another key, meter or time, or a changed frame",
  tag_mismatch: "the second was found, but the frame was changed on its way",
};

/** Opens the frame of `request` around its arrival, as a head-end that knows this one key. */
export function openAsAsked(request: OpenRequest): OpenAnswer {
  const parsed = parseFrame(request.frame);
  if (!parsed.ok) return { opened: false, reason: parsed.reason };
  const { frame } = parsed;
  if (frame.alias !== request.alias) return { opened: false, reason: "unknown_meter" };
  if (frame.generation !== request.generation) {
    return { opened: false, reason: "unknown_generation" };
  }
  const candidates = candidateSeconds({
    arrival_s: request.arrival,
    expectedOffset_s: 0,
    window_s: request.window,
    hint: frame.hint,
  });
  const result = openFrame(frame, new HeadEndKeys(request), candidates);
  if (!result.opened) return { opened: false, reason: result.reason };
  const { t_s: t, trials, plaintext } = result;
  return { opened: true, t, trials, plaintext: toHex(plaintext), records: recordsOf(plaintext) };
}

/** `answer` as people read it. */
export function describe(answer: OpenAnswer, arrival_s: number): string {
  if (!answer.opened) return `not opened: ${answer.reason} (${MEANING[answer.reason]})`;
  const { t, trials, plaintext, records } = answer;
  const late_s = arrival_s - t;
  const lines = [
    `second     ${t} (${new Date(t * 1_000).toISOString().replace(".000Z", "Z")})`,
    `arrival    ${Math.abs(late_s).toFixed(3)} s ${
      late_s < 0 ? "before" : "after"
    } that second began`,
    `trials     ${trials}`,
    `plaintext  ${plaintext === "" ? "(empty)" : plaintext}`,
  ];
  if (records === null) lines.push("records    none: the plaintext is no SenML pack");
  for (const record of records ?? []) lines.push(`record     ${describeRecord(record)}`);
  return lines.join("\n");
}

function describeRecord(record: SenmlRecord): string {
  return Object.entries(record).map(([label, value]) => `${label}=${value}`).join(" ");
}

export const command: Command = {
  name: "frame open",
  summary: "Opens one frame from JSON on stdin, and says which second fits",
  options: {
    json: {
      type: "boolean",
      help: "Print {opened, t, trials, plaintext, records} or {opened, reason} as JSON",
    },
  },
  help: `Opens one TVES/2 frame with a meter's key, as a master would. Reads JSON from stdin:

  {"meterId": "MH00113978", "alias": 7, "generation": 1, "enrolmentDay": 20510,
   "key": "<64 hex digits>", "arrival": 1777352969.25, "window": 10, "frame": "<hex>"}

arrival is when the frame came in, Unix time in seconds; window (default 10) how many seconds to
either side are tried. Replay is not checked: that needs the meter's history. Exit code 0 when the
frame opened, 1 when it did not, 2 when the input is wrong.

  samay frame open --json < request.json`,
  async run({ values }) {
    const request = await readJsonInput(openRequest, "the frame to open");
    const answer = openAsAsked(request);
    console.log(values.json === true ? JSON.stringify(answer) : describe(answer, request.arrival));
    return answer.opened ? 0 : 1;
  },
};
