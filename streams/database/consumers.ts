/** Consumers and their accounts. */
import { TerminalError } from "../../protocol/errors.ts";
import type { Insertable, Kysely, Selectable, Transaction } from "./kysely.ts";
import type { AccountTable, ConsumerTable, Database } from "./schema.ts";

export type Consumer = Selectable<ConsumerTable>;
export type NewConsumer = Omit<Insertable<ConsumerTable>, "created_at">;
export type Account = Selectable<AccountTable>;
export type NewAccount = Omit<Insertable<AccountTable>, "created_at">;

export async function findConsumer(
  db: Kysely<Database>,
  consumer_number: string,
): Promise<Consumer | undefined> {
  return await db.selectFrom("consumer").selectAll()
    .where("consumer_number", "=", consumer_number).executeTakeFirst();
}

export async function findAccount(
  db: Kysely<Database>,
  account_id: string,
): Promise<Account | undefined> {
  return await db.selectFrom("account").selectAll()
    .where("account_id", "=", account_id).executeTakeFirst();
}

/**
 * Makes `consumer` known. One that is known stays as it is; whatever differs is an error, for an
 * enrolment is no way to change a consumer unseen. Throws `TerminalError` with every difference.
 */
export async function ensureConsumer(
  trx: Transaction<Database>,
  consumer: NewConsumer,
): Promise<void> {
  await trx.insertInto("consumer").values(consumer)
    .onConflict((conflict) => conflict.column("consumer_number").doNothing()).execute();
  const known = await findConsumer(trx, consumer.consumer_number);
  refuseDifferences(`Consumer ${consumer.consumer_number}`, known!, consumer);
}

/**
 * Makes `account` known, as `ensureConsumer()` does; the day it was opened is not compared. A load
 * that was not known (0) may be told now, and so may a contract demand: that completes the account
 * and changes nothing.
 */
export async function ensureAccount(
  trx: Transaction<Database>,
  account: NewAccount,
): Promise<void> {
  await trx.insertInto("account").values(account)
    .onConflict((conflict) => conflict.column("account_id").doNothing()).execute();
  const known = (await findAccount(trx, account.account_id))!;
  const { opened_on: _, sanctioned_load_w, contract_va = null, ...rest } = account;
  const load = { sanctioned_load_w };
  const contract = { contract_va };
  const told = [
    { value: load, is: sanctioned_load_w !== 0, was: known.sanctioned_load_w !== 0 },
    { value: contract, is: contract_va !== null, was: known.contract_va !== null },
  ].filter(({ is }) => is);
  const compared = Object.assign(
    {},
    rest,
    ...told.filter(({ was }) => was).map((one) => one.value),
  );
  refuseDifferences(`Account ${account.account_id}`, known, compared);
  const completing = told.filter(({ was }) => !was).map((one) => one.value);
  if (completing.length === 0) return;
  await trx.updateTable("account").set(Object.assign({}, ...completing))
    .where("account_id", "=", account.account_id).execute();
}

/** Throws `TerminalError` that names every field of `given` in which `known` is otherwise. */
export function refuseDifferences(
  what: string,
  known: object,
  given: object,
): void {
  const stands = known as Record<string, unknown>;
  const differences = Object.entries(given)
    .filter(([field, value]) => stands[field] !== value)
    .map(([field, value]) => `${field} is ${show(stands[field])}, not ${show(value)}`);
  if (differences.length > 0) {
    throw new TerminalError(`${what} is known already and differs: ${differences.join("; ")}`);
  }
}

function show(value: unknown): string {
  return value === null || value === undefined ? "empty" : JSON.stringify(value);
}
