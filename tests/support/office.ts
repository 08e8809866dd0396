/** An office on a broker and a database of a test, which commands find by `SAMAY_NATS_URL`. */
import type { Kysely } from "../../streams/database/kysely.ts";
import type { Database } from "../../streams/database/schema.ts";
import type { NatsBroker } from "../../streams/jetstream/connection.ts";
import { type OfficeContext, startOffice } from "../../streams/office/office.ts";
import { silentLog } from "../../streams/terminal/log.ts";
import { withBroker } from "./broker.ts";
import { withDatabase } from "./database.ts";

export interface OfficeGiven {
  readonly db: Kysely<Database>;
  readonly broker: NatsBroker;
}

/** `verbs` are answered while `body` runs; `context` is what the office has besides these two. */
export async function withOffice(
  verbs: Parameters<typeof startOffice>[1],
  context: Partial<OfficeContext>,
  body: (given: OfficeGiven) => Promise<void>,
): Promise<void> {
  await withBroker(({ broker }) =>
    withDatabase(async (db) => {
      const whole = { db, broker, log: silentLog, now_ms: Date.now, ...context };
      const office = startOffice(whole, verbs);
      Deno.env.set("SAMAY_NATS_URL", broker.url);
      try {
        await body({ db, broker });
      } finally {
        Deno.env.delete("SAMAY_NATS_URL");
        await office.stop();
      }
    })
  );
}
