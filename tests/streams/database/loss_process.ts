/** A process whose database dies within a transaction: says `lent`, then `failed` once it is told. */
import { openDatabase } from "../../../streams/database/connect.ts";
import { sql } from "../../../streams/database/kysely.ts";

const db = await openDatabase({ url: Deno.args[0]! });
const died = db.transaction().execute(async (trx) => {
  await sql`select 1`.execute(trx);
  console.log("lent");
  // Nothing is asked of the connection as it breaks: the loss has no query to fail.
  await new Promise((resolve) => setTimeout(resolve, 1_500));
  await sql`select 2`.execute(trx);
});
await died.then(() => console.log("went on"), () => console.log("failed"));
await db.destroy();
