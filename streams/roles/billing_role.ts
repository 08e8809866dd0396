/**
 * The billing role: everything that needs the database. The ledger projects the journal, cycles are
 * closed, bills go out, and the office answers the operators.
 */
import { VALIDATION_RULES, type ValidationRules } from "../../actors/validation/rules.ts";
import { subjects } from "../../protocol/subjects.ts";
import { type DueRules, startDueSweeps } from "../accounts/due_sweeps.ts";
import { CYCLE_RULES, type CycleRules } from "../../actors/billing/rules.ts";
import { startBilling } from "../billing/billing.ts";
import { openDatabase } from "../database/connect.ts";
import type { Kysely } from "../database/kysely.ts";
import { deadLetterTo } from "../database/ledger_dead.ts";
import { ledgerIn } from "../database/ledger.ts";
import { runLedger } from "../database/ledger_loop.ts";
import { migrate } from "../database/migrate.ts";
import { type RunningOutbox, runOutbox } from "../database/outbox.ts";
import type { Database } from "../database/schema.ts";
import type { Utility } from "../delivery/bill_document.ts";
import { startAsking } from "../delivery/asking.ts";
import { callbackUrlOf, startCallbacks } from "../delivery/callbacks.ts";
import { startDelivery } from "../delivery/deliver.ts";
import { startDue } from "../delivery/due.ts";
import type { Mailer } from "../delivery/mail.ts";
import type { Texter } from "../delivery/sms.ts";
import type { Stoppable } from "../jetstream/broker.ts";
import type { NatsBroker } from "../jetstream/connection.ts";
import { journalFeed } from "../jetstream/journal_feed.ts";
import { applyTopology } from "../jetstream/topology.ts";
import { accountVerbs } from "../office/account_verbs.ts";
import { billVerbs } from "../office/bill_verbs.ts";
import { dataVerbs } from "../office/data_verbs.ts";
import { draftVerbs } from "../office/draft_verbs.ts";
import { meterVerbs } from "../office/meter_verbs.ts";
import { noticeVerbs } from "../office/notice_verbs.ts";
import { startOffice } from "../office/office.ts";
import { premisesVerbs } from "../office/premises_verbs.ts";
import { readingVerbs } from "../office/reading_verbs.ts";
import { tariffVerbs } from "../office/tariff_verbs.ts";
import type { Log } from "../terminal/log.ts";
import { runSweep } from "../validation/run_sweep.ts";
import { startBillFiles } from "./bill_files.ts";
import type { Sending } from "./delivery_ways.ts";

export interface BillingRoleOptions {
  readonly broker: NatsBroker;
  /** A PostgreSQL server; without it the embedded database in `dataDir`. */
  readonly databaseUrl?: string | undefined;
  readonly dataDir: string;
  readonly billsDir: string;
  readonly kek: Uint8Array;
  readonly mail: Mailer | null;
  readonly sms: Texter | null;
  /** Times and bounds of billing cycles; as shipped without them. */
  readonly cycleRules?: CycleRules;
  /** Limits, quiet hours, registered texts, reports; without it no limit and no reports. */
  readonly sending?: Sending;
  /** Reminders and late charges; without it nobody is reminded. */
  readonly dueRules?: DueRules;
  readonly utility: Utility;
  /** What readings are held against; without it the rules that come with the product. */
  readonly rules?: ValidationRules | undefined;
  /** Whether months are closed without a person. */
  readonly month_end?: boolean;
  /** Servers of a cluster that keep each stream: see `applyTopology`. */
  readonly replicas?: number | undefined;
  readonly log: Log;
}

export interface RunningBillingRole extends Stoppable {
  readonly db: Kysely<Database>;
}

/** Starts the role. Throws when the database cannot be opened or migrated. */
export async function startBillingRole(options: BillingRoleOptions): Promise<RunningBillingRole> {
  const { broker, log, databaseUrl: url, dataDir } = options;
  await applyTopology(broker, options);
  const db = await openDatabase(url === undefined ? { dataDir: `${dataDir}/database` } : { url });
  try {
    const stop = await startParts(options, db, await migrate(db));
    return {
      db,
      stop: async () => {
        await stop();
        options.mail?.close();
        await db.destroy();
      },
    };
  } catch (error) {
    await db.destroy();
    log.error("billing cannot start", { reason: (error as Error).message });
    throw error;
  }
}

/** In the order in which data flows, and stopped in that order too. */
async function startParts(
  options: BillingRoleOptions,
  db: Kysely<Database>,
  migrations: readonly string[],
): Promise<() => Promise<void>> {
  const { broker, log, kek, rules = VALIDATION_RULES } = options;
  // What the sweep goes by, the reading that closes a month is held against too.
  const cycle_rules = { ...(options.cycleRules ?? CYCLE_RULES), validation: rules };
  if (migrations.length > 0) log.info("database migrated", { migrations: migrations.length });
  const outbox = runOutbox(db, broker, log);
  const ways = { mail: options.mail !== null, sms: options.sms !== null };
  const files = startBillFiles({ ...options, db, ways });
  const billing = await startBilling({
    db,
    broker,
    log,
    month_end: options.month_end ?? true,
    rules: cycle_rules,
    onCommitted: () => outbox.nudge(),
    onIssued: files.draw,
  });
  const feed = await journalFeed(broker, log);
  const ledger = runLedger({
    store: ledgerIn(db),
    feed,
    log,
    deadLetter: deadLetterTo(broker),
    onCommitted: ({ cursor, inserted }) => {
      feed.passed(cursor);
      if (inserted > 0) billing.nudge();
    },
    onHalted: (reason) => tellOfHalt(broker, log, reason),
  });
  const sweep = runSweep({ db, rules, log, now_ms: Date.now });
  const stopSending = await startSending(options, db, outbox);
  const dueSweeps = startDueSweeps({
    ...{ db, log, onCommitted: () => outbox.nudge() },
    ...(options.dueRules !== undefined && { rules: options.dueRules }),
  });
  const office = startOffice({
    ...{ db, broker, log, now_ms: Date.now, kek, utility: options.utility, rules, cycle_rules },
    onBill: files.draw,
  }, {
    ...{ ...meterVerbs, ...billVerbs, ...noticeVerbs, ...readingVerbs, ...tariffVerbs },
    ...{ ...dataVerbs, ...accountVerbs, ...draftVerbs, ...premisesVerbs },
  });
  log.info("billing runs", { database: options.databaseUrl ? "PostgreSQL" : "embedded" });
  return async () => {
    await office.stop();
    await dueSweeps.stop();
    await ledger.stop();
    await sweep.stop();
    await feed.stop();
    await billing.stop();
    await outbox.stop();
    await stopSending();
    await files.stop();
  };
}

/** The log has said it; who follows the events hears of it too. */
function tellOfHalt(broker: NatsBroker, log: Log, reason: string): void {
  const body = new TextEncoder().encode(JSON.stringify({ event: "ledger_halted", reason }));
  broker.publish(subjects.event("alarm", "ledger_halted", "ledger"), body)
    .catch((error) => log.warn("event not written", { reason: error.message }));
}

/** Notices as they come and as they are due, and what the providers report on them. */
async function startSending(
  options: BillingRoleOptions,
  db: Kysely<Database>,
  outbox: RunningOutbox,
): Promise<() => Promise<void>> {
  const { log, sending } = options;
  const callbacks = sending?.callbacks ?? null;
  const listening = callbacks === null ? undefined : startCallbacks({ ...callbacks, db, log });
  const delivery = await startDelivery({
    ...options,
    ...sending,
    db,
    ...(callbacks !== null && {
      statusCallback: (id: number, drive: number) => callbackUrlOf(callbacks.public_url, id, drive),
    }),
  });
  const due = startDue({ db, log, onCommitted: () => outbox.nudge() });
  const asking = options.sms === null ? undefined : startAsking({ db, log, sms: options.sms });
  return async () => {
    await due.stop();
    await asking?.stop();
    await delivery.stop();
    await listening?.stop();
  };
}
