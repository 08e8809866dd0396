/**
 * Holds new readings against the rules, behind the ledger and by the same journal: what fails is
 * quarantined, and the cursor moves in the same transaction, so that nothing is passed over whatever
 * dies in between. Readings that pass are not written again.
 */
import type { ArrivalFacts } from "../../actors/validation/facts.ts";
import { failsAny, judgeArrival, type Judgement } from "../../actors/validation/judge.ts";
import type { ValidationRules } from "../../actors/validation/rules.ts";
import { type Kysely, sql, type Transaction } from "../database/kysely.ts";
import { JOURNAL_STREAM } from "../database/ledger.ts";
import { ENERGY } from "../database/readings.ts";
import type { Database } from "../database/schema.ts";
import { note, quarantine } from "./decisions.ts";
import { loadReadingFacts } from "./facts.ts";
import { FollowedMeters } from "./followed.ts";
import { type NewReading, newReadings, takeUnvalidated, tellingKey } from "./new_readings.ts";

/** Who decides, in the decisions of the sweep. */
const ACTOR = "validation";
/** Journal records in one transaction: few at first, more while they hold few readings. */
const RECORDS_FIRST = 16;
const RECORDS_MAX = 1_024;
const READINGS_FEW = 2_000;
const READINGS_MANY = 10_000;
/** Imported readings in one transaction. */
const UNVALIDATED_MAX = 1_000;
/** Readings whose facts are asked for at once. */
const LOAD_MAX = 250;

export interface SweepResult {
  /** Journal sequence up to which everything is validated now, and the ledger's. */
  readonly cursor: number;
  readonly ledger: number;
  readonly readings: number;
  /** Readings for which the tables were asked. */
  readonly looked_up: number;
  readonly quarantined: number;
  readonly noted: number;
}

interface Found {
  looked_up: number;
  quarantined: number;
  noted: number;
}

type Judged = readonly { readonly loaded: ArrivalFacts; readonly judgement: Judgement }[];

export class Sweep {
  readonly #db: Kysely<Database>;
  readonly #rules: ValidationRules;
  readonly #followed: FollowedMeters;
  #records = RECORDS_FIRST;

  constructor(db: Kysely<Database>, rules: ValidationRules, followed = new FollowedMeters()) {
    this.#db = db;
    this.#rules = rules;
    this.#followed = followed;
  }

  /** One batch. Throws what the database throws; then nothing has changed. */
  async step(now_ms: number): Promise<SweepResult> {
    const { cursor, behind } = await validationLag(this.#db);
    try {
      // Without a lock, which would be written to the disk each time that nothing is new.
      const batch = behind === 0
        ? nothingNew(cursor, cursor)
        : await this.#db.transaction().execute((trx) => this.#batch(trx, now_ms));
      // With every batch that catches up: where meters never rest, there is no step without one.
      return batch.cursor < batch.ledger ? batch : await this.#unvalidated(batch, now_ms);
    } catch (error) {
      this.#followed.clear();
      throw error;
    }
  }

  async #batch(trx: Transaction<Database>, now_ms: number): Promise<SweepResult> {
    const { after, ledger } = await lockCursor(trx);
    const through = Math.min(ledger, after + this.#records);
    if (through <= after) return nothingNew(after, ledger);
    const { readings, telling } = await newReadings(trx, after, through);
    const found = await this.#judge(trx, readings, telling, now_ms);
    await trx.updateTable("validation_cursor").set({ sequence: through })
      .where("stream", "=", JOURNAL_STREAM).execute();
    this.#fit(readings.length);
    return { cursor: through, ledger, readings: readings.length, ...found };
  }

  /** Imported readings: those of the journal come first. */
  async #unvalidated(batch: SweepResult, now_ms: number): Promise<SweepResult> {
    const waiting = await this.#db.selectFrom("reading_unvalidated").select("meter_id").limit(1)
      .executeTakeFirst();
    if (waiting === undefined) return batch;
    return await this.#db.transaction().execute(async (trx) => {
      const readings = await takeUnvalidated(trx, UNVALIDATED_MAX);
      const found = await this.#judge(trx, readings, new Set(), now_ms);
      return {
        ...{ cursor: batch.cursor, ledger: batch.ledger },
        readings: batch.readings + readings.length,
        looked_up: batch.looked_up + found.looked_up,
        quarantined: batch.quarantined + found.quarantined,
        noted: batch.noted + found.noted,
      };
    });
  }

  /** A transaction should hold enough to be worth its while, and bounded memory. */
  #fit(readings: number): void {
    if (readings < READINGS_FEW) this.#records = Math.min(2 * this.#records, RECORDS_MAX);
    if (readings > READINGS_MANY) this.#records = Math.ceil(this.#records / 2);
  }

  /** By what is remembered where that is enough; what fails, and what is not ordinary, by the tables. */
  async #judge(
    trx: Transaction<Database>,
    readings: readonly NewReading[],
    telling: ReadonlySet<string>,
    now_ms: number,
  ): Promise<Found> {
    const found: Found = { looked_up: 0, quarantined: 0, noted: 0 };
    let rest = readings;
    while (rest.length > 0) {
      const asking = new Map<string, NewReading>();
      const later: NewReading[] = [];
      for (const reading of rest) {
        // Behind one for which the tables are asked: what they say of that one is remembered then.
        if (asking.has(reading.meter_id)) later.push(reading);
        else if (this.#passes(reading, telling, now_ms)) this.#followed.moveOn(reading);
        else asking.set(reading.meter_id, reading);
      }
      await this.#ask(trx, [...asking.values()], now_ms, found);
      rest = later;
    }
    return found;
  }

  #passes(reading: NewReading, telling: ReadonlySet<string>, now_ms: number): boolean {
    if (telling.size > 0 && telling.has(tellingKey(reading))) return false;
    const facts = this.#followed.factsOf(reading, now_ms);
    return facts !== undefined && !failsAny(this.#rules, facts);
  }

  async #ask(
    trx: Transaction<Database>,
    readings: readonly NewReading[],
    now_ms: number,
    found: Found,
  ): Promise<void> {
    const { hours } = this.#rules.rules.frozen_register;
    for (let start = 0; start < readings.length; start += LOAD_MAX) {
      const part = readings.slice(start, start + LOAD_MAX);
      found.looked_up += part.length;
      const judged: { loaded: ArrivalFacts; judgement: Judgement }[] = [];
      for (const loaded of await loadReadingFacts(trx, part, now_ms, hours)) {
        if (loaded === undefined) continue;
        const judgement = judgeArrival(this.#rules, loaded);
        if (judgement.verdict !== "passed") judged.push({ loaded, judgement });
        this.#followed.remember(loaded.facts);
      }
      // At once: the readings behind these are judged by what may be billed.
      await write(trx, judged, found);
    }
  }
}

async function write(trx: Transaction<Database>, judged: Judged, found: Found): Promise<void> {
  const of = (verdict: Judgement["verdict"]) =>
    judged.filter(({ judgement }) => judgement.verdict === verdict)
      .map(({ loaded: { facts: { meter_id, reading } }, judgement }) => ({
        meter_id,
        obis: ENERGY,
        read_at: new Date(reading.read_at_ms),
        rule: judgement.rule!,
        detail: judgement.detail!,
        value_wh: reading.value_wh,
      }));
  const faults = of("quarantined").map(({ value_wh: _value_wh, ...fault }) => fault);
  found.quarantined += await quarantine(trx, faults, ACTOR);
  found.noted += await note(trx, of("noted"), ACTOR);
}

function nothingNew(cursor: number, ledger: number): SweepResult {
  return { cursor, ledger, readings: 0, looked_up: 0, quarantined: 0, noted: 0 };
}

/** Where the sweep stands and how far it may go: everything up to there is committed. */
async function lockCursor(trx: Transaction<Database>): Promise<{ after: number; ledger: number }> {
  const { rows } = await sql<{ after: number; ledger: number }>`
    select validated.sequence as after, (
      select ledger.sequence from ledger_cursor as ledger where ledger.stream = validated.stream
    ) as ledger
    from validation_cursor as validated where validated.stream = ${JOURNAL_STREAM}
    for update`.execute(trx);
  const row = rows[0];
  if (row === undefined) throw new Error("Validation has no cursor: the migrations have not run");
  return row;
}

/** How far validation is behind the ledger, in journal records. */
export async function validationLag(
  db: Kysely<Database>,
): Promise<{ readonly cursor: number; readonly behind: number }> {
  const { rows } = await sql<{ cursor: number; behind: number }>`
    select validated.sequence as cursor,
      greatest(0, ledger.sequence - validated.sequence) as behind
    from validation_cursor as validated join ledger_cursor as ledger using (stream)
    where stream = ${JOURNAL_STREAM}`.execute(db);
  return rows[0] ?? { cursor: 0, behind: 0 };
}
