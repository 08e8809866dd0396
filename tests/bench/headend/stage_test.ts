import assert from "node:assert/strict";
import { eventually } from "../../support/eventually.ts";

/** Its body fails as soon as the signal is there, as one does whose processes are ended under it. */
const PROGRAM = `
  import { withStage } from ${JSON.stringify(new URL("stage.ts", import.meta.url).href)};
  await withStage({ meters: 1, postgres: false }, async (stage) => {
    stage.ends.push(() => new Promise((resolve) => setTimeout(resolve, 300)));
    stage.ends.push(() => Promise.reject(new Error("one that does not end well")));
    const failed = new Promise((_, reject) =>
      Deno.addSignalListener("SIGINT", () => reject(new Error("cut off")))
    );
    console.log(stage.brokerProcess.pid);
    await failed;
  });
`;

Deno.test("a stage that is interrupted ends its broker and leaves nothing, whatever fails meanwhile", async () => {
  const dir = await Deno.makeTempDir({ prefix: "samay-test-" });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "-q", "--ext=ts", PROGRAM],
    env: { TMPDIR: dir },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const said = child.stderr.pipeThrough(new TextDecoderStream());
  const { value } = await child.stdout.pipeThrough(new TextDecoderStream()).getReader().read();
  child.kill("SIGINT");
  assert.equal((await child.status).code, 130);
  assert.match((await Array.fromAsync(said)).join(""), /one that does not end well/);
  // Its parent is gone too: whoever takes orphans in puts it away, soon. Asked of `ps`, since only a
  // program with every permission may look into /proc.
  await eventually(() => {
    const { stdout } = new Deno.Command("ps", { args: ["-o", "stat=", "-p", value!.trim()] })
      .outputSync();
    assert.match(new TextDecoder().decode(stdout).trim(), /^(Z.*)?$/);
  });
  assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), []);
  await Deno.remove(dir, { recursive: true });
});
