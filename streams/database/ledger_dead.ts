/** Where journal records go that can never be projected: the dead-letter stream, with the reason. */
import { utf8 } from "../../protocol/bytes.ts";
import { subjects } from "../../protocol/subjects.ts";
import type { Broker } from "../jetstream/broker.ts";
import type { LedgerOptions } from "./ledger_loop.ts";

/** A reason must fit a header: one line of printable ASCII, not too long. */
const REASON_MAX = 300;

/** A `deadLetter` for the ledger. Twice the same record makes one dead letter. */
export function deadLetterTo(broker: Broker): LedgerOptions["deadLetter"] {
  return async ({ sequence, record }, reason) => {
    const payload = record instanceof Uint8Array
      ? record
      : utf8(typeof record === "string" ? record : JSON.stringify(record) ?? "");
    await broker.publish(subjects.dead("JOURNAL", 0), payload, {
      messageId: `ledger-${sequence}`,
      headers: {
        "Samay-Reason": reason.replaceAll(/[^\x20-\x7e]+/g, " ").slice(0, REASON_MAX),
        "Samay-Sequence": String(sequence),
      },
    });
  };
}
