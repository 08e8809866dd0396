/** `samay frame explain`: why one frame opened or did not. */
import { indianTimeOf, inIndia } from "../../../protocol/indian_time.ts";
import type { FrameExplanation } from "../../office/frame_explain.ts";
import { type Command, type ParsedArguments, UsageError } from "../command.ts";
import { suiteName } from "../suites.ts";

const WIDE_S_MAX = 86_400;
/** A wide search over a day takes some seconds on a slow machine, and may wait for the processor. */
const TIMEOUT_MS = 120_000;

export const command: Command = {
  name: "frame explain",
  summary: "Says why a frame opened or did not, and how far off its meter's clock is",
  positionals: { usage: "STREAM-SEQUENCE", min: 1, max: 1 },
  options: {
    wide: {
      type: "string",
      placeholder: "SECONDS",
      help: `How far to search beyond the window, up to ${WIDE_S_MAX} (default: a day)`,
    },
    json: { type: "boolean", help: "One JSON document" },
  },
  help: `The number is the frame's sequence in the stream FRAMES, as events and meter show name it.
The running head-end looks: it has the keys. First the usual window is tried, then every second
within a day. Exit code 0 when there is an explanation, 1 when there is no such frame any more.

  samay frame explain 4711`,
  async run({ values, positionals }: ParsedArguments) {
    const stream_sequence = sequenceOf(positionals[0]!);
    const wide_s = wideOf(values.wide);
    const { askAsOperator } = await import("../../office/operator.ts");
    if (Deno.stderr.isTerminal()) {
      console.error("Asking the head-end; a search over a day takes some seconds ...");
    }
    const input = { stream_sequence, ...(wide_s !== undefined && { wide_s }) };
    const found = await askAsOperator("frame-explain", input, TIMEOUT_MS) as FrameExplanation;
    console.log(values.json === true ? JSON.stringify(found) : forPeople(found));
    return 0;
  },
};

function sequenceOf(text: string): number {
  const sequence = /^\d+$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(sequence) && sequence > 0) return sequence;
  throw new UsageError(`A stream sequence is a whole number from 1, not "${text}"`);
}

function wideOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const wide_s = Number(value);
  if (value !== "" && wide_s >= 0 && wide_s <= WIDE_S_MAX) return wide_s;
  throw new UsageError(`--wide is a number of seconds up to ${WIDE_S_MAX}, not "${value}"`);
}

const QUALITY = ["unsynchronised", "holdover", "synchronised", "synchronised, authenticated"];

/** Lines of a label and its text, the explanation last. */
export function forPeople(found: FrameExplanation): string {
  const { header, second, clock_off_s, registers = [] } = found;
  const rows = [
    ["Frame", `${found.stream_sequence} on ${found.subject}`],
    ["Arrived", `${inIndia(found.arrived_at)} Indian time`],
  ];
  if (header !== null) {
    rows.push(
      ["Sent as", `number ${header.sequence} of start ${header.boot}, alias ${header.alias}`],
      ["Key", `generation ${header.generation}, ${suiteName(header.suite)}`],
      [
        "Sender's clock",
        QUALITY[header.clock_quality]! +
        (header.hint === null ? "" : `; hint: the second ends in ${header.hint} mod 256`),
      ],
    );
  }
  rows.push(["Verdict", `${found.verdict}, ${found.trials} tried`]);
  if (second !== null) rows.push(["Second", `${second}, ${indianTimeOf(second * 1_000)} in India`]);
  if (clock_off_s !== null) rows.push(["Sealed", offText(clock_off_s)]);
  for (const { obis, value, unit, read_at_ms } of registers) {
    rows.push(["Register", `${obis} = ${value} ${unit}, read at ${inIndia(read_at_ms)}`]);
  }
  const width = Math.max(...rows.map(([label]) => label!.length));
  const lines = rows.map(([label, text]) => `${label!.padEnd(width)}  ${text!.trimEnd()}`);
  return [...lines, "", found.text].join("\n");
}

function offText(off_s: number): string {
  return `${Math.abs(off_s).toFixed(3)} s ${off_s < 0 ? "before" : "after"} it arrived`;
}
