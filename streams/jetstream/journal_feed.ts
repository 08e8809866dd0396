/** The journal as the ledger reads it: every record of every partition, in the order of the stream. */
import { parseJson } from "../../protocol/schema.ts";
import { journalRecord } from "../../protocol/messages/journal.ts";
import type { Bucket, Stoppable } from "./broker.ts";

const LEDGER_KEY = "ledger";

/** The journal sequence that the ledger has committed, 0 before the first. */
export async function ledgerPassed(snapshots: Bucket): Promise<number> {
  const entry = await snapshots.get(LEDGER_KEY);
  return entry ? Number(new TextDecoder().decode(entry.value)) : 0;
}
