/** A real chronyd on a free loopback port that touches neither the clock nor the machine's chrony. */
import { createSocket } from "node:dgram";

const PLACES = ["/usr/sbin/chronyd", "/usr/local/sbin/chronyd", "/opt/homebrew/sbin/chronyd"];

/** Where chronyd is, or undefined. */
export async function chronydProgram(): Promise<string | undefined> {
  for (const place of PLACES) {
    if (await Deno.stat(place).then((stat) => stat.isFile, () => false)) return place;
  }
  return undefined;
}

/** Whether to skip, saying so. */
export async function withoutChrony(): Promise<boolean> {
  if (await chronydProgram() !== undefined) return false;
  console.warn("skipped: chronyd is not installed (apt-get install chrony)");
  return true;
}

export async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4");
  await new Promise<void>((done) => socket.bind(0, "127.0.0.1", done));
  const { port } = socket.address();
  await new Promise<void>((done) => socket.close(() => done()));
  return port;
}

/** Runs `body` with chronyd serving on `port`; `lines` are added to its configuration. */
export async function withChronyd(
  lines: readonly string[],
  body: (port: number) => Promise<void>,
): Promise<void> {
  const port = await freeUdpPort();
  const folder = await Deno.makeTempDir({ prefix: "samay-chrony-" });
  await Deno.writeTextFile(
    `${folder}/chrony.conf`,
    [
      `port ${port}`,
      "bindaddress 127.0.0.1",
      "cmdport 0",
      `bindcmdaddress ${folder}/chronyd.sock`,
      `pidfile ${folder}/chronyd.pid`,
      "allow 127.0.0.1",
      ...lines,
    ].join("\n") + "\n",
  );
  const child = new Deno.Command((await chronydProgram())!, {
    // -x: never touch the system clock; -d: stay in the foreground; -U: as whoever runs the tests.
    args: ["-x", "-d", "-U", "-u", "root", "-f", `${folder}/chrony.conf`],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  try {
    await body(port);
  } finally {
    child.kill("SIGTERM");
    await child.status;
    await Deno.remove(folder, { recursive: true });
  }
}

/** Tries `attempt` until it succeeds: chronyd needs a moment to open its port. */
export async function eventually<T>(attempt: () => Promise<T>, within_ms = 5_000): Promise<T> {
  const deadline = performance.now() + within_ms;
  while (true) {
    try {
      return await attempt();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((done) => setTimeout(done, 50));
    }
  }
}
