/** Tables of billing runs: see `schema.ts`. */
import type { Generated } from "./kysely.ts";
import type { BigInteger, CreatedAt, Json } from "./schema_columns.ts";

/** A month that is billed: how far it is, and what came of it so far. */
export interface BillingRunTable {
  run_id: Generated<BigInteger>;
  period: string;
  state: "running" | "halted" | "done";
  requested_at: Date;
  requested_by: string;
  /** `RunBounds` of actors/billing/run.ts. */
  bounds: Json<unknown>;
  /** Accounts without a bill when it was asked for. */
  accounts: BigInteger;
  /** Of those that were looked at: */
  looked: Generated<BigInteger>;
  issued: Generated<BigInteger>;
  drafts: Generated<BigInteger>;
  parked: Generated<BigInteger>;
  waiting: Generated<BigInteger>;
  /** Of the bills. */
  units_kwh: Generated<BigInteger>;
  payable_paise: Generated<BigInteger>;
  /** Bills of accounts that have one for the month before, their sum, and the sum of those before. */
  compared: Generated<BigInteger>;
  compared_paise: Generated<BigInteger>;
  before_paise: Generated<BigInteger>;
  halted_reason: string | null;
  created_at: CreatedAt;
  finished_at: Date | null;
}

/** Neighbouring accounts of a run: looked at in one transaction, which also sets `done_at`. */
export interface BillingRunPageTable {
  run_id: BigInteger;
  page: number;
  first_account: string;
  last_account: string;
  accounts: number;
  done_at: Date | null;
}
