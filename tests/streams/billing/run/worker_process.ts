/** A billing process that does nothing but runs: `worker_process.ts URL NOW_MS`, until it is killed. */
import { CYCLE_RULES } from "../../../../actors/billing/rules.ts";
import { startRunWorker } from "../../../../streams/billing/run/worker.ts";
import { openDatabase } from "../../../../streams/database/connect.ts";
import { createLog } from "../../../../streams/terminal/log.ts";

const [url, now] = Deno.args;
const db = await openDatabase({ url: url! });
const context = { db, rules: CYCLE_RULES, now_ms: () => Number(now) };
startRunWorker({ context, log: createLog("worker"), poll_ms: 20 });
