import { ok, strictEqual } from "node:assert/strict";
import { median } from "./rounds.ts";

Deno.test("median() is the middle one, the lower of two", () => {
  strictEqual(median([3, 1, 2]), 2);
  strictEqual(median([9, 1, 4, 3]), 3);
  strictEqual(median([7]), 7);
});

interface Report {
  readonly versions: { readonly deno: string };
  readonly engines: Readonly<
    Record<string, {
      readonly suites: Readonly<Record<string, { readonly opens_a_second: number }>>;
      readonly open_1_trial_us: number;
      readonly open_21_trials_us: number;
    }>
  >;
  readonly ratio: { readonly warm_to_plain: number; readonly cold_to_plain: number };
}

Deno.test("the bench of TVES/2 prints every engine and suite as one JSON document", async () => {
  const bench = new URL("tves_bench.ts", import.meta.url);
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-q",
      "--no-prompt",
      "--allow-sys=cpus",
      "--allow-ffi",
      bench.href,
      "--rounds",
      "1",
      "--json",
    ],
    stderr: "inherit",
  }).output();
  strictEqual(code, 0);
  const report = JSON.parse(new TextDecoder().decode(stdout)) as Report;
  strictEqual(report.versions.deno, Deno.version.deno);
  for (const engine of ["chosen", "native", "noble"]) {
    const { suites, open_1_trial_us, open_21_trials_us } = report.engines[engine]!;
    for (const suite of [1, 2, 3]) ok(suites[suite]!.opens_a_second > 0, `${engine} ${suite}`);
    // How long it takes is the machine's business; that twenty wrong seconds cost more is ours.
    ok(open_21_trials_us > open_1_trial_us);
  }
  ok(report.ratio.warm_to_plain > 0 && report.ratio.cold_to_plain > report.ratio.warm_to_plain);
});
