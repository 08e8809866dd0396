import assert from "node:assert/strict";

for (const report of ["clock", "window"]) {
  Deno.test(`simulate:${report} says in one line how it is called, with exit code 2`, async () => {
    const file = new URL(`./${report}/report.ts`, import.meta.url).pathname;
    for (const given of [["abc|0"], ["0"], ["-1"], ["1.5"], ["3", "4"]]) {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-q", "--no-prompt", "--no-check", file, ...given],
        env: { NO_COLOR: "1" },
      }).output();
      assert.equal(code, 2, given.join(" "));
      assert.equal(stdout.length, 0);
      assert.match(
        new TextDecoder().decode(stderr),
        new RegExp(
          `^simulate:${report}: SEEDS is [^\\n]*usage: deno task simulate:${report} \\[SEEDS\\]\\n$`,
        ),
      );
    }
  });
}
