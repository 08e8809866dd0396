/**
 * `deno task fuzz [--frames N] [--seed S] [--from I] [--json]`: spoils frames until one is taken
 * wrongly, ten million unless told otherwise.
 */
import { parseArgs } from "node:util";
import { createProgress } from "../../streams/terminal/progress.ts";
import { fuzz, FuzzFailure, type FuzzReport } from "./fuzz.ts";

const { values } = parseArgs({
  options: {
    frames: { type: "string", default: "10000000" },
    seed: { type: "string", default: "1" },
    from: { type: "string", default: "0" },
    json: { type: "boolean", default: false },
  },
});

function whole(name: "frames" | "seed" | "from", least: number): number {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= least) return value;
  console.error(`--${name} must be a whole number from ${least} on, not ${values[name]}`);
  Deno.exit(2);
}

function print(
  { frames, verdicts, mutations, trials, trials_max }: FuzzReport,
  took_s: number,
): void {
  const table = (title: string, counts: ReadonlyMap<string, number>) => {
    console.log(`\n${title}`);
    for (const [name, count] of [...counts].sort((a, b) => b[1] - a[1])) {
      const share = (100 * count / frames).toFixed(3);
      console.log(`  ${name.padEnd(26)}${String(count).padStart(10)}${share.padStart(9)} %`);
    }
  };
  console.log(
    `${frames} frames in ${took_s.toFixed(1)} s, ${Math.round(frames / took_s)} a second; ` +
      `${trials} candidates tried, at most ${trials_max} for one frame; none was taken wrongly`,
  );
  table("what was said of them", verdicts);
  table("how they were spoiled", mutations);
}

const options = { seed: whole("seed", 0), from: whole("from", 0), frames: whole("frames", 1) };
const progress = createProgress();
const started_ms = performance.now();
try {
  const onProgress = (done: number) => progress.update(done, options.frames);
  const report = fuzz({ ...options, onProgress });
  progress.end();
  const took_s = (performance.now() - started_ms) / 1_000;
  if (values.json) {
    const { verdicts, mutations, ...rest } = report;
    console.log(JSON.stringify({
      ...options,
      ...rest,
      took_s,
      verdicts: Object.fromEntries(verdicts),
      mutations: Object.fromEntries(mutations),
    }));
  } else print(report, took_s);
} catch (error) {
  progress.end();
  if (!(error instanceof FuzzFailure)) throw error;
  console.error(error.message);
  if (error.cause !== undefined) console.error(error.cause);
  Deno.exit(1);
}
