/** `samay lab`: the paper's experiment, predicted and measured. */
import { documentOf } from "../../lab/document.ts";
import {
  FRAMES_DEFAULT,
  FRAMES_MAX,
  FRAMES_MIN,
  runExperiment,
  SEED_MAX,
} from "../../lab/experiment.ts";
import { describeResult } from "../../lab/tables.ts";
import { createPaint } from "../colour.ts";
import { type Command, Failure, type ParsedArguments, UsageError } from "../command.ts";
import { createProgress } from "../progress.ts";
import { terminalWidth } from "../table.ts";
import { wholeNumber } from "../whole_number.ts";

const SEED_DEFAULT = 1;
const OUT_DEFAULT = ".samay/lab";

async function run({ values }: ParsedArguments): Promise<number> {
  const seed = wholeNumber("seed", values.seed, SEED_DEFAULT, 0, SEED_MAX);
  const frames = wholeNumber("frames", values.frames, FRAMES_DEFAULT, FRAMES_MIN, FRAMES_MAX);
  const out = typeof values.out === "string" ? values.out : OUT_DEFAULT;
  if (out === "") throw new UsageError("--out needs the path of a folder");
  // A program that wants numbers is spared the pictures, unless it says where they go.
  const draws = values.json !== true || values.out !== undefined;
  const report = draws ? await import("../../lab/write_report.ts") : undefined;
  await report?.prepareFolder(out);
  const progress = createProgress();
  const result = runExperiment({
    seed,
    frames,
    now_ms: () => performance.now(),
    progress: (done, total, note) => progress.update(done, total, note),
  });
  progress.end();
  if (values.json === true) console.log(JSON.stringify(documentOf(result)));
  else {
    const paint = createPaint();
    console.log(describeResult(result, (text) => paint("bold", text), terminalWidth()));
  }
  const path = await report?.writeReport(result, out);
  if (values.json !== true) console.log(`\nReport: ${path}`);
  if (!result.agreement.agrees) {
    throw new Failure(
      `law and measurement disagree: ${result.agreement.disagreeing[0]}; chance alone does that ` +
        "once in a thousand runs, so try another --seed before you doubt the law",
    );
  }
  return 0;
}

export const command: Command = {
  name: "lab",
  summary: "Runs the paper's experiment: Caesar, AES and TVES/2, predicted and measured",
  options: {
    seed: {
      type: "string",
      placeholder: "S",
      help: `Start of all chance, 0 to ${SEED_MAX} (default ${SEED_DEFAULT})`,
    },
    frames: {
      type: "string",
      placeholder: "N",
      help: `Frames for each clock and system, ${FRAMES_MIN} to ${FRAMES_MAX} ` +
        `(default ${FRAMES_DEFAULT})`,
    },
    out: {
      type: "string",
      placeholder: "DIR",
      help: `Folder for report.html and its pictures (default ${OUT_DEFAULT})`,
    },
    json: {
      type: "boolean",
      help: "One JSON document with every number; pictures only with --out",
    },
  },
  help:
    `Seals frames with Caesar (the second as the shift), with AES in paper mode (a key made of the
second alone, no tag) and with TVES/2, opens them around a wrong clock, and holds what it counts
against the closed form. Exit code 1 when law and measurement disagree.

  samay lab
  samay lab --seed 7 --frames 10000 --out /tmp/lab
  samay lab aes                      one block through AES, step by step`,
  run,
};
