import assert from "node:assert/strict";
import { openSerialStream, type SerialStream } from "../../../streams/serial/binding.ts";
import { openPty, type Pty, whyNoPty } from "./pty.ts";

const ignore = whyNoPty() !== null;
if (ignore) console.error(`serial tests skipped: ${whyNoPty()}`);

const settings = { baudRate: 9_600, dataBits: 7, parity: "even" } as const;
const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const bytes = (value: string) => new TextEncoder().encode(value);

const once = (stream: SerialStream, event: string) =>
  new Promise<unknown>((resolve) => stream.once(event, resolve));
const close = (stream: SerialStream) =>
  new Promise<void>((resolve, reject) =>
    stream.close((error) => error ? reject(error) : resolve())
  );
const drain = (stream: SerialStream) =>
  new Promise<void>((resolve, reject) =>
    stream.drain((error) => error ? reject(error) : resolve())
  );

/** Descriptors of this process that stand on `path`. */
function descriptorsOn(path: string): number {
  if (Deno.build.os !== "linux") return 0;
  // The runtime lets nobody but a program with all permissions look into /proc: `ls` looks.
  const { stdout } = new Deno.Command("ls", { args: ["-l", `/proc/${Deno.pid}/fd`] }).outputSync();
  const lines = new TextDecoder().decode(stdout).split("\n");
  return lines.filter((line) => line.includes(`-> ${path}`)).length;
}

async function withPty(act: (pty: Pty) => Promise<void>): Promise<void> {
  const pty = openPty();
  try {
    await act(pty);
  } finally {
    await pty.unplug();
  }
}

Deno.test(
  { name: "openSerialStream() reads, writes, drains and leaves no descriptor", ignore },
  () =>
    withPty(async (pty) => {
      const heard: string[] = [];
      pty.onBytes = (chunk) => heard.push(text(chunk));
      const stream = await openSerialStream({ path: pty.path, ...settings });
      const data = once(stream, "data");
      stream.write(bytes("/?!\r\n"));
      await drain(stream);
      pty.send(bytes("answer"));
      assert.equal(text(await data as Uint8Array), "answer");
      for (let i = 0; i < 50 && heard.join("") !== "/?!\r\n"; i++) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      assert.equal(heard.join(""), "/?!\r\n");
      await close(stream);
      assert.equal(descriptorsOn(pty.path), 0);
    }),
);

Deno.test(
  { name: "SerialPortStream.update() changes the speed of the terminal", ignore },
  () =>
    withPty(async (pty) => {
      const stream = await openSerialStream({ path: pty.path, ...settings });
      await new Promise<void>((resolve, reject) =>
        stream.update({ baudRate: 300 }, (error) => error ? reject(error) : resolve())
      );
      assert.deepEqual(await stream.port!.getBaudRate(), { baudRate: 300 });
      await close(stream);
    }),
);

Deno.test(
  { name: "SerialPortStream.close() ends a read that waits", ignore },
  () =>
    withPty(async (pty) => {
      const stream = await openSerialStream({ path: pty.path, ...settings });
      stream.on("data", () => assert.fail("nothing was sent"));
      await new Promise((resolve) => setTimeout(resolve, 20));
      await close(stream);
      assert.equal(descriptorsOn(pty.path), 0);
    }),
);

Deno.test(
  { name: "SerialPortStream closes by itself when the line is unplugged", ignore },
  async () => {
    const pty = openPty();
    const stream = await openSerialStream({ path: pty.path, ...settings });
    stream.resume();
    const closed = once(stream, "close");
    await pty.unplug();
    const error = await closed as Error & { disconnected: boolean };
    assert.equal(error.disconnected, true);
    assert.equal(descriptorsOn(pty.path), 0);
  },
);

Deno.test(
  { name: "openSerialStream() opens a port again after it was closed", ignore },
  () =>
    withPty(async (pty) => {
      for (let round = 0; round < 10; round++) {
        const stream = await openSerialStream({ path: pty.path, ...settings });
        const data = once(stream, "data");
        pty.send(bytes(`round ${round}`));
        assert.equal(text(await data as Uint8Array), `round ${round}`);
        await close(stream);
      }
      assert.equal(descriptorsOn(pty.path), 0);
    }),
);

Deno.test(
  { name: "openSerialStream() refuses a port that is in use", ignore },
  () =>
    withPty(async (pty) => {
      const stream = await openSerialStream({ path: pty.path, ...settings });
      await assert.rejects(openSerialStream({ path: pty.path, ...settings }), /lock/i);
      await close(stream);
    }),
);

Deno.test(
  { name: "SerialPortStream.flush() throws away what was not read", ignore },
  () =>
    withPty(async (pty) => {
      const stream = await openSerialStream({ path: pty.path, ...settings });
      pty.send(bytes("old"));
      await new Promise((resolve) => setTimeout(resolve, 50));
      await new Promise<void>((resolve, reject) =>
        stream.flush((error) => error ? reject(error) : resolve())
      );
      const data = once(stream, "data");
      pty.send(bytes("new"));
      assert.equal(text(await data as Uint8Array), "new");
      await close(stream);
    }),
);
