/** `samay time serve` and `samay time query` as a person runs them: processes, their words and codes. */
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { fileURLToPath } from "node:url";
import { kiss } from "../../../protocol/ntp/respond.ts";
import { chronydProgram, eventually, freeUdpPort, withoutChrony } from "./chrony.ts";

const MAIN = fileURLToPath(new URL("../../../main.ts", import.meta.url));
const decoder = new TextDecoder();

const samay = (args: readonly string[]) =>
  new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", "--no-check", "--allow-all", MAIN, ...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  });

async function query(...args: string[]) {
  const { code, stdout, stderr } = await samay(["time", "query", ...args]).output();
  return { code, out: decoder.decode(stdout), err: decoder.decode(stderr) };
}

/** Runs `body` while `samay time serve` answers on `port`; then ends it and gives what it said. */
async function withTimeServe(body: (port: number) => Promise<void>): Promise<string> {
  const port = await freeUdpPort();
  const child = samay(["time", "serve", "--port", String(port), "--stratum", "5"]).spawn();
  const said = new Response(child.stderr).text();
  const stdout = new Response(child.stdout).text();
  try {
    await body(port);
  } finally {
    child.kill("SIGTERM");
    assert.equal((await child.status).code, 0);
    assert.equal(await stdout, "");
  }
  return await said;
}

async function chronydAsks(port: number): Promise<string> {
  const folder = await Deno.makeTempDir({ prefix: "samay-chrony-" });
  try {
    const output = await new Deno.Command((await chronydProgram())!, {
      // -Q: measure, print the offset, set nothing.
      args: [
        ...["-Q", "-t", "8", "-U", "-u", "root", "-f", "/dev/null"],
        `server 127.0.0.1 port ${port} iburst maxsamples 4`,
        `pidfile ${folder}/chronyd.pid`,
        "cmdport 0",
      ],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).output();
    return decoder.decode(output.stderr);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("samay time serve is believed by a real chronyd, and ends at SIGTERM with its counts", async () => {
  if (await withoutChrony()) return;
  const said = await withTimeServe(async (port) => {
    await eventually(async () => {
      const { code, err } = await query(`127.0.0.1:${port}`, "--samples", "1");
      assert.equal(code, 0, err);
    }, 15_000);
    const text = await chronydAsks(port);
    const offset = /System clock wrong by (-?[\d.]+) seconds/.exec(text)?.[1];
    assert.ok(offset !== undefined, `chronyd took no answer of ours: ${text}`);
    assert.ok(Math.abs(Number(offset)) < 0.05, `chronyd measured ${offset} s`);
  });
  assert.match(said, /answering NTP requests .*stratum=5/);
  assert.match(said, /stopped .*answered=\d+ kissed=0 limited=0 malformed=0/);
});

Deno.test("samay time query says in one plain line that nobody answers, with exit code 1", async () => {
  const { code, out, err } = await query(`127.0.0.1:${await freeUdpPort()}`);
  assert.equal(code, 1);
  assert.equal(out, "");
  assert.match(err, /^samay: Time server [\d.:]+: no answer [^\n]*\n$/);
});

Deno.test("samay time query says in one plain line why a server is refused, with exit code 1", async () => {
  const socket = createSocket("udp4");
  socket.on("message", (bytes: Uint8Array, from) => {
    socket.send(kiss(bytes, "DENY", 1_795_341_600_000_000_000n)!, from.port, from.address);
  });
  await new Promise<void>((done) => socket.bind(0, "127.0.0.1", done));
  try {
    const { code, out, err } = await query(`127.0.0.1:${socket.address().port}`, "--json");
    assert.equal(code, 1);
    assert.equal(out, "");
    assert.match(err, /^samay: Time server [^\n]*DENY[^\n]*\[kiss_deny\]\n$/);
  } finally {
    await new Promise<void>((done) => socket.close(() => done()));
  }
});

Deno.test("samay time serve names the option that is wrong", async () => {
  const serve = async (...args: string[]) => {
    const { code, stderr } = await samay(["time", "serve", ...args]).output();
    return { code, err: decoder.decode(stderr) };
  };
  const port = await serve("--port", "");
  assert.equal(port.code, 2, port.err);
  assert.match(port.err, /--port is a whole number from 0 to 65535/);
  for (const host of ["300.1.1.1", "nowhere.invalid", "192.0.2.77"]) {
    const { code, err } = await serve("--host", host, "--port", "0");
    assert.equal(code, 1, err);
    assert.match(err, /--host/);
    assert.doesNotMatch(err, /--port/);
  }
});
