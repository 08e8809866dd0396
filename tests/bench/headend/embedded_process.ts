/** All roles in this process, until the frames that wait are rows. */
import { fromHex } from "../../../protocol/bytes.ts";
import { connect } from "../../../streams/jetstream/connection.ts";
import { startBillingRole } from "../../../streams/roles/billing_role.ts";
import { startMasterRole } from "../../../streams/roles/master_role.ts";
import { createLog } from "../../../streams/terminal/log.ts";
import type { EmbeddedOrder } from "./embedded.ts";
import { installMeters } from "./fleet.ts";
import { countOf, cursorOf } from "./rows.ts";

const LOOK_MS = 100;
const STALLED_MS = 20_000;

const order: EmbeddedOrder = JSON.parse(Deno.args[0]!);
const { url, dataDir, meters, expected } = order;
const kek = fromHex((await Deno.readTextFile(`${dataDir}/kek`)).trim());
const link = (name: string) => connect({ url, name });
const links = [await link("master"), await link("billing")] as const;
const billing = await startBillingRole({
  ...{ broker: links[1], dataDir, billsDir: `${dataDir}/bills`, kek },
  ...{ mail: null, sms: null, utility: { name: "Bench" }, log: createLog("billing") },
});
await installMeters(billing.db, meters);
const master = await startMasterRole({
  ...{ broker: links[0], name: "bench", kek, log: createLog("master") },
});
let began_ms: number | undefined;
let moved_ms = performance.now();
let rows = 0;
for (let cursor = 0; rows < expected && performance.now() - moved_ms < STALLED_MS;) {
  const now = await cursorOf(billing.db);
  if (now !== cursor) {
    moved_ms = performance.now();
    began_ms ??= moved_ms;
  } else if (now > 0) rows = await countOf(billing.db);
  cursor = now;
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}
const seconds = (moved_ms - (began_ms ?? moved_ms)) / 1_000;
console.log("done");
await master.stop();
await billing.stop();
for (const broker of links) await broker.close();
console.log(JSON.stringify({ rows, seconds }));
