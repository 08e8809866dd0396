/** One experiment that all tests of a file look at, and its pictures. */
import { runExperiment } from "../../../streams/lab/experiment.ts";
import { type Picture, picturesOf } from "../../../streams/lab/report.ts";
import type { LabResult } from "../../../streams/lab/result.ts";

let result: LabResult | undefined;
let drawn: Picture[] | undefined;

/** What was told of the progress, as shares. */
export const told: number[] = [];

/** The experiment of this file: the first call says how many frames. */
export function experiment(frames: number): LabResult {
  result ??= runExperiment({
    seed: 20_261_122,
    frames,
    now_ms: () => performance.now(),
    progress: (done, total) => void told.push(done / total),
  });
  return result;
}

export function pictures(of: LabResult): Picture[] {
  drawn ??= picturesOf(of);
  return drawn;
}
