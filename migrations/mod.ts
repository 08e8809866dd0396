/** Every migration, in order. Named here one by one, so that a compiled or bundled program has them. */
import type { Migration } from "../streams/database/kysely.ts";
import * as consumersAndMeters from "./0001_consumers_and_meters.ts";
import * as readings from "./0002_readings.ts";
import * as billing from "./0003_billing.ts";
import * as deliveryAndAudit from "./0004_delivery_and_audit.ts";
import * as readingsByMonth from "./0005_readings_by_month.ts";
import * as deliveryStates from "./0006_delivery_states.ts";
import * as readingDecisions from "./0007_reading_decisions.ts";
import * as billingRuns from "./0008_billing_runs.ts";
import * as accounts from "./0009_accounts.ts";
import * as cycles from "./0010_cycles.ts";
import * as dataIn from "./0011_data_in.ts";
import * as ledgerFingerprint from "./0012_ledger_fingerprint.ts";
import * as billingLookups from "./0013_billing_lookups.ts";
import * as facRates from "./0014_fac_rates.ts";
import * as contractDemand from "./0015_contract_demand.ts";

export const migrations: Readonly<Record<string, Migration>> = {
  "0001_consumers_and_meters": consumersAndMeters,
  "0002_readings": readings,
  "0003_billing": billing,
  "0004_delivery_and_audit": deliveryAndAudit,
  "0005_readings_by_month": readingsByMonth,
  "0006_delivery_states": deliveryStates,
  "0007_reading_decisions": readingDecisions,
  "0008_billing_runs": billingRuns,
  "0009_accounts": accounts,
  "0010_cycles": cycles,
  "0011_data_in": dataIn,
  "0012_ledger_fingerprint": ledgerFingerprint,
  "0013_billing_lookups": billingLookups,
  "0014_fac_rates": facRates,
  "0015_contract_demand": contractDemand,
};
