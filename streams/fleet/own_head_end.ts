/** A head-end for one run of a load: broker and roles in processes of their own, gone afterwards. */
import { fileURLToPath } from "node:url";
import type { Stoppable } from "../jetstream/broker.ts";
import { startOwnBroker } from "../roles/own_broker.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
/** An embedded database that shuts down needs some seconds. */
const STOP_TIMEOUT_MS = 15_000;

export interface OwnHeadEnd extends Stoppable {
  readonly url: string;
  /** What the roles say goes there; it is gone with the rest. */
  readonly logFile: string;
  /** Resolves when the roles have ended, whoever ended them. */
  readonly ended: Promise<unknown>;
}

/** Starts it in a temporary folder. Throws `Failure` when nats-server is not installed. */
export async function startOwnHeadEnd(): Promise<OwnHeadEnd> {
  const dataDir = await Deno.makeTempDir({ prefix: "samay-fleet-" });
  const forget = () => Deno.remove(dataDir, { recursive: true });
  const broker = await startOwnBroker(dataDir, 0).catch(async (error) => {
    await forget();
    throw error;
  });
  const logFile = `${dataDir}/start.log`;
  const log = await Deno.open(logFile, { create: true, append: true });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-q", "--no-prompt", "--allow-all", MAIN, "start"],
    clearEnv: true,
    env: { ...foreign(), SAMAY_NATS_URL: broker.url, SAMAY_DATA_DIR: dataDir },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
    // Ctrl-C at the terminal reaches us alone: the load ends first, then this.
    detached: true,
  }).spawn();
  const logging = child.stderr.pipeTo(log.writable);
  const lastResort = () => child.kill("SIGTERM");
  globalThis.addEventListener("unload", lastResort);
  const ended = child.status.then(() => globalThis.removeEventListener("unload", lastResort));
  return {
    url: broker.url,
    logFile,
    ended,
    stop: async () => {
      const patience = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      try {
        child.kill("SIGTERM");
      } catch (error) {
        if (!(error instanceof TypeError)) throw error; // It has ended already.
      }
      await ended;
      clearTimeout(patience);
      await logging;
      await broker.stop();
      await forget();
    },
  };
}

/** Whatever this machine's own head-end is configured with, this one has nothing to do with it. */
function foreign(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(Deno.env.toObject()).filter(([name]) =>
      !/^(SAMAY_|TWILIO_|DATABASE_URL)/.test(name)
    ),
  );
}
