/**
 * The frames of a bill's readings, opened again on the master's own way while FRAMES still has them:
 * each must give the register that was billed, with the key of the second that was found then.
 */
import { inIndia } from "../../protocol/indian_time.ts";
import { RetryableError, TerminalError } from "../../protocol/errors.ts";
import type { Explanation, ReadingTrace } from "../billing/explain.ts";
import { ENERGY } from "../database/readings.ts";
import { explainFrame, type FrameExplanation } from "./frame_explain.ts";
import type { OfficeContext } from "./office.ts";

export interface FrameCheck {
  readonly meter_id: string;
  readonly reading: "opening" | "closing";
  readonly frame_sequence: number;
  /** `gone`: FRAMES does not keep it any more, or it cannot be opened here. */
  readonly outcome: "same" | "differs" | "gone";
  readonly text: string;
}

/** A check for each reading of the bill that came in a frame. */
export async function verifyFrames(
  { segments }: Explanation,
  context: OfficeContext,
): Promise<FrameCheck[]> {
  const checks: FrameCheck[] = [];
  for (const { meter, opening, closing } of segments) {
    for (const [reading, trace] of [["opening", opening], ["closing", closing]] as const) {
      if (trace.frame_sequence === null) continue;
      const { meter_id } = meter;
      const { frame_sequence } = trace;
      const found = await verify(meter_id, frame_sequence, trace, context);
      checks.push({ meter_id, reading, frame_sequence, ...found });
    }
  }
  return checks;
}

type Found = Pick<FrameCheck, "outcome" | "text">;

async function verify(
  meter_id: string,
  sequence: number,
  trace: ReadingTrace,
  context: OfficeContext,
): Promise<Found> {
  const stored = await context.broker.stored("FRAMES", sequence);
  if (!stored.found) {
    const text = `frame ${sequence} is not kept any more (FRAMES has 35 days)`;
    return { outcome: "gone", text };
  }
  try {
    // No wide search: what was billed was opened in the window.
    return judge(meter_id, trace, await explainFrame(stored, 0, context));
  } catch (error) {
    if (!(error instanceof TerminalError || error instanceof RetryableError)) throw error;
    return { outcome: "gone", text: `frame ${sequence} cannot be opened here: ${error.message}` };
  }
}

function judge(meter_id: string, trace: ReadingTrace, frame: FrameExplanation): Found {
  const { stream_sequence, subject, second, registers = [] } = frame;
  const differs = (text: string): Found => ({
    outcome: "differs",
    text: `frame ${stream_sequence} ${text}`,
  });
  const sender = subject.split(".").at(-1);
  if (sender !== meter_id) return differs(`is one of meter ${sender}, and not of ${meter_id}`);
  if (second === null) return differs(`does not open: ${frame.text}`);
  if (trace.second_found_s !== null && second !== trace.second_found_s) {
    return differs(`opens with second ${second}, and was opened with ${trace.second_found_s}`);
  }
  const register = registers.find(({ obis, read_at_ms }) =>
    obis === ENERGY && read_at_ms === trace.read_at_ms
  );
  if (register === undefined) {
    return differs(`has no register ${ENERGY} read at ${inIndia(trace.read_at_ms)}`);
  }
  if (register.value !== trace.value_wh) {
    return differs(`says ${register.value} Wh, and ${trace.value_wh} Wh were billed`);
  }
  return {
    outcome: "same",
    text: `frame ${stream_sequence}, opened again now with the key of second ${second}, says ` +
      `${register.value} ${register.unit}`,
  };
}
