/**
 * One of several processes that close the same month: `race_process.ts URL PERIOD NOW_MS ACCOUNTS
 * SEED`. It says `ready`, waits for a line, then closes each account in an order of its own, and
 * prints what came of each.
 */
import { CYCLE_RULES } from "../../../actors/billing/rules.ts";
import { openDatabase } from "../../../streams/database/connect.ts";
import { stepCycle } from "../../../streams/billing/step.ts";

const [url, period, now_ms, accounts, seed] = Deno.args as [string, string, string, string, string];
const db = await openDatabase({ url });
const now = Number(now_ms);
const context = { db, rules: CYCLE_RULES, now_ms: () => now };
const names = accounts.split(",");
const from = Number(seed) % names.length;
const order = [...names.slice(from), ...names.slice(0, from)];

console.log("ready");
await Deno.stdin.read(new Uint8Array(16));
const results: Record<string, { state: string; issued: string | null }> = {};
for (const account of order) {
  const close = { step: "close", requested_at_ms: now + Number(seed) } as const;
  const { state, issued } = await stepCycle(context, account, period!, close);
  results[account] = { state, issued };
}
console.log(JSON.stringify(results));
await db.destroy();
