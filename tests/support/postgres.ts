/** A throw-away PostgreSQL server: its own cluster in a temporary directory, on a free port. */
import { join } from "node:path";

/** Where Debian, Red Hat and Homebrew put the server, newest first. */
const FOLDERS = [
  "/usr/lib/postgresql",
  "/opt/homebrew/opt",
  "/usr/local/opt",
];
const START_TIMEOUT_MS = 20_000;

export interface PostgresServer extends AsyncDisposable {
  readonly url: string;
  /** Of the process that starts the others. */
  readonly pid: number;
  /** Kills the server without letting it finish, as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again on the same data and port. */
  restart(): Promise<void>;
}

/** The folder of `initdb` and `postgres`, or undefined where there is none. */
export function postgresBinaries(): string | undefined {
  const candidates = (Deno.env.get("PATH") ?? "").split(":");
  for (const folder of FOLDERS) candidates.push(...versionsIn(folder));
  return candidates.find((folder) => isFile(join(folder, "initdb")));
}

function versionsIn(folder: string): string[] {
  try {
    return [...Deno.readDirSync(folder)].map(({ name }) => name)
      .sort((a, b) => b.localeCompare(a, "en", { numeric: true }))
      .map((name) => join(folder, name, "bin"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}

/** PostgreSQL refuses to run as root: another user's numbers, or none where we are not root. */
function otherUser(): { uid: number; gid: number } | undefined {
  if (Deno.uid() !== 0) return undefined;
  const users = Deno.readTextFileSync("/etc/passwd").split("\n").map((line) => line.split(":"));
  const user = users.find(([name]) => name === "postgres") ??
    users.find(([name]) => name === "nobody");
  if (user === undefined) throw new Error("No user postgres or nobody to run PostgreSQL as");
  return { uid: Number(user[2]), gid: Number(user[3]) };
}

export interface PostgresOptions {
  /** Writes to the disk before it says so, as in production. Tests do without. */
  readonly durable?: boolean;
  /** More settings, each `name=value`. */
  readonly settings?: readonly string[];
}

/** Starts a server that trusts everyone on loopback; disposing it removes everything. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresServer> {
  const { durable = false, settings = [] } = options;
  const bin = postgresBinaries();
  if (bin === undefined) throw new Error("No PostgreSQL server on this machine");
  const user = otherUser();
  const folder = await Deno.makeTempDir({ prefix: "samay-postgres-" });
  if (user !== undefined) await Deno.chown(folder, user.uid, user.gid);
  const data = join(folder, "data");
  const port = freePort();
  const url = `postgres://samay@127.0.0.1:${port}/postgres`;
  const command = (name: string, args: string[]) =>
    new Deno.Command(join(bin, name), {
      args,
      cwd: folder,
      stdin: "null",
      stdout: "null",
      stderr: "piped",
      ...user,
    });
  const made = await command("initdb", [
    ...["-D", data, "-U", "samay", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
  ]).output();
  if (!made.success) throw new Error(new TextDecoder().decode(made.stderr));
  const start = async () => {
    const child = command("postgres", [
      ...["-D", data, "-k", folder, "-h", "127.0.0.1", "-p", String(port)],
      ...(durable ? [] : ["-F"]),
      ...["logging_collector=off", ...settings].flatMap((setting) => ["-c", setting]),
    ]).spawn();
    const said = new Response(child.stderr).text();
    await untilReady(data, child, said);
    return { child, said };
  };
  let running = await start();
  const end = async (signal: Deno.Signal) => {
    running.child.kill(signal);
    await running.child.status;
    await running.said;
  };
  return {
    url,
    get pid() {
      return running.child.pid;
    },
    kill: () => end("SIGQUIT"),
    restart: async () => {
      running = await start();
    },
    [Symbol.asyncDispose]: async () => {
      await end("SIGINT").catch((error) => {
        if (!(error instanceof TypeError)) throw error;
        // The test killed it and it has ended already.
      });
      await Deno.remove(folder, { recursive: true });
    },
  };
}

/** The server writes `ready` into its pid file once it takes connections. */
async function untilReady(data: string, child: Deno.ChildProcess, said: Promise<string>) {
  let ended = false;
  child.status.then(() => ended = true);
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (ended) throw new Error(`PostgreSQL did not start: ${await said}`);
    const pidFile = await Deno.readTextFile(join(data, "postmaster.pid")).catch((error) => {
      if (error instanceof Deno.errors.NotFound) return "";
      throw error;
    });
    const lines = pidFile.split("\n");
    if (lines[0] === String(child.pid) && lines[7]?.trim() === "ready") return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  child.kill("SIGQUIT");
  throw new Error(`PostgreSQL was not ready within ${START_TIMEOUT_MS} ms: ${await said}`);
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}
