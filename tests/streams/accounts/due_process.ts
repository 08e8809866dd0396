/**
 * A process that does nothing but see to due dates: `due_process.ts URL NOW_MS RULES`, until it is
 * killed.
 */
import { startDueSweeps } from "../../../streams/accounts/due_sweeps.ts";
import { openDatabase } from "../../../streams/database/connect.ts";
import { createLog } from "../../../streams/terminal/log.ts";

const [url, now, rules] = Deno.args;
const db = await openDatabase({ url: url! });
startDueSweeps({
  ...{ db, log: createLog("due dates"), rules: JSON.parse(rules!), poll_ms: 20 },
  now_ms: () => Number(now),
});
