import assert from "node:assert/strict";

const SIGNALS = new URL("../../../streams/terminal/signals.ts", import.meta.url).href;

/** A process that drains for `drain_ms` once it is asked to stop. */
function start(drain_ms: number) {
  const code = `
    import { untilStopped } from "${SIGNALS}";
    const stopped = untilStopped();
    const alive = setInterval(() => {}, 1_000);
    console.log("ready");
    const signal = await stopped;
    console.log("draining after " + signal);
    await new Promise((resolve) => setTimeout(resolve, ${drain_ms}));
    clearInterval(alive);
    console.log("drained");
    Deno.exit(0);`;
  const file = Deno.makeTempFileSync({ suffix: ".ts" });
  Deno.writeTextFileSync(file, code);
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-check", file],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  return { child, file };
}

async function readUntil(reader: ReadableStreamDefaultReader<string>, word: string, text = "") {
  while (!text.includes(word)) {
    const { value, done } = await reader.read();
    if (done) break;
    text += value;
  }
  return text;
}

Deno.test("untilStopped() lets the process drain when it is asked to stop once", async () => {
  const { child, file } = start(50);
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  await readUntil(reader, "ready");
  child.kill("SIGTERM");
  const text = await readUntil(reader, "drained");
  assert.match(text, /draining after SIGTERM\ndrained/);
  assert.equal((await child.status).code, 0);
  await reader.cancel();
  await Deno.remove(file);
});

Deno.test("untilStopped() takes a signal that comes twice in a moment for one", async () => {
  const { child, file } = start(300);
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  await readUntil(reader, "ready");
  child.kill("SIGINT");
  await readUntil(reader, "draining");
  child.kill("SIGINT");
  await readUntil(reader, "drained");
  assert.equal((await child.status).code, 0);
  await reader.cancel();
  await Deno.remove(file);
});

Deno.test("untilStopped() ends the process at once when a second signal comes later", async () => {
  const { child, file } = start(60_000);
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  await readUntil(reader, "ready");
  child.kill("SIGTERM");
  await readUntil(reader, "draining");
  await new Promise((resolve) => setTimeout(resolve, 1_200)); // Longer than one key press may take.
  child.kill("SIGINT");
  assert.equal((await child.status).code, 130);
  await reader.cancel();
  await Deno.remove(file);
});
