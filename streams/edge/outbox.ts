/** Readings that the head-end has not journaled yet. They outlive the process and the network. */
import { withUncertainTime } from "../../actors/slave/registers.ts";
import type { ClockQuality, Register } from "../../protocol/messages/common.ts";
import { register } from "../../protocol/messages/common.ts";
import { RetryableError } from "../../protocol/errors.ts";
import { parseJson, z } from "../../protocol/schema.ts";
import { type Database, inTransaction } from "./database.ts";
import {
  type Dated,
  dateReadings,
  DOUBTED,
  type Known,
  UNCERTAIN,
  undatedReadings,
} from "./dating.ts";

export interface Reading {
  readonly meter_id: string;
  readonly read_at_ms: number;
  /** `read_at_ms` of each is that of the reading. */
  readonly registers: readonly Register[];
}

/** How the clock stood when a reading was taken. */
export interface ReadClock {
  readonly quality: ClockQuality;
  /** What was added to the local clock. */
  readonly offset_ms: number;
  /** A server contradicted the clock and no good answer has decided between them yet. */
  readonly doubted?: boolean;
}

export interface Key {
  readonly meter_id: string;
  readonly read_at_ms: number;
}

const storedRegisters = z.array(register.omit({ read_at_ms: true }));

/** The outbox is full: the reading was not taken, and none of the older ones was dropped. */
export class OutboxFullError extends RetryableError {
  constructor(limit: number) {
    super(
      `The outbox is full (${limit} readings): nothing more is kept until the head-end confirms. ` +
        "Check the link to the broker and the clock",
      60_000,
    );
  }
}

export class Outbox {
  readonly #database: Database;
  readonly #boot: number;
  readonly #limit: number;
  #count: number;

  constructor(database: Database, boot: number, limit: number) {
    this.#database = database;
    this.#boot = boot;
    this.#limit = limit;
    const row = database.prepare("select count(*) as n from outbox").get();
    this.#count = Number(row?.n ?? 0);
  }

  /** Readings that wait. */
  get count(): number {
    return this.#count;
  }

  /**
   * Keeps `reading`; it is on disk when this returns. False when the same reading stands already.
   * Throws `OutboxFullError` at the limit: the oldest readings are worth no less than the newest.
   */
  put(reading: Reading, clock: ReadClock): boolean {
    if (this.#count >= this.#limit) throw new OutboxFullError(this.#limit);
    const registers = reading.registers.map(({ obis, value, unit }) => ({ obis, value, unit }));
    const result = this.#database.prepare(
      "insert into outbox values (?, ?, ?, ?, ?, ?) on conflict do nothing",
    ).run(
      reading.meter_id,
      reading.read_at_ms,
      JSON.stringify(registers),
      this.#boot,
      clock.doubted && clock.quality !== 0 ? DOUBTED : clock.quality,
      Math.round(clock.offset_ms),
    );
    const stored = Number(result.changes) === 1;
    if (stored) this.#count++;
    return stored;
  }

  /** Keeps all of `readings` in one write to the disk, or none. Returns how many were new. */
  putAll(readings: readonly Reading[], clock: ReadClock): number {
    const before = this.#count;
    try {
      return inTransaction(
        this.#database,
        () => readings.filter((reading) => this.put(reading, clock)).length,
      );
    } catch (error) {
      this.#count = before;
      throw error;
    }
  }

  /**
   * Moments of up to `limit` readings of a meter until `upTo_ms`, oldest first, without `except`. A
   * reading that was taken before the clock was known is none of them: it has no time to go out with.
   */
  moments(meter_id: string, upTo_ms: number, limit: number, except: readonly number[]): number[] {
    const rows = this.#database.prepare(
      "select read_at_ms from outbox where meter_id = ? and read_at_ms <= ? " +
        "and clock_quality <> 0 " +
        "and read_at_ms not in (select value from json_each(?)) order by read_at_ms limit ?",
    ).all(meter_id, Math.floor(upTo_ms), JSON.stringify(except), limit);
    return rows.map((row) => Number(row.read_at_ms));
  }

  /** The reading, or undefined when it was confirmed in the meantime. */
  get({ meter_id, read_at_ms }: Key): Reading | undefined {
    const row = this.#database.prepare(
      "select registers, clock_quality from outbox where meter_id = ? and read_at_ms = ?",
    ).get(meter_id, read_at_ms);
    if (row === undefined) return undefined;
    const what = `Reading of ${meter_id} in the outbox`;
    const stored = parseJson(storedRegisters, String(row.registers), what);
    const registers = stored.map((each) => ({ ...each, read_at_ms }));
    const isUncertain = Number(row.clock_quality) === UNCERTAIN;
    return {
      meter_id,
      read_at_ms,
      registers: isUncertain ? withUncertainTime(registers, read_at_ms) : registers,
    };
  }

  /** Deletes what is journaled. */
  delete(keys: readonly Key[]): void {
    inTransaction(this.#database, () => {
      const statement = this.#database.prepare(
        "delete from outbox where meter_id = ? and read_at_ms = ?",
      );
      for (const { meter_id, read_at_ms } of keys) {
        this.#count -= Number(statement.run(meter_id, read_at_ms).changes);
      }
    });
  }

  /**
   * Puts right the times of readings that were taken while the clock was not known or was doubted, now
   * that it is known; those of earlier starts too. One meter after the other, each as a whole: take as
   * many from the generator as there is time for. A meter whose readings cannot be dated stops none of
   * the others.
   */
  *correct(known: Known): Generator<Dated & { readonly fault?: string }> {
    for (const undated of undatedReadings(this.#database)) {
      try {
        yield dateReadings(this.#database, undated, known);
      } catch (error) {
        const fault = `${undated.meter_id}: ${(error as Error).message}`;
        yield { corrected: 0, uncertain: 0, fault };
      }
    }
  }

  /** Readings whose time lies after `now_ms`: no pack can hold them yet. */
  countAfter(now_ms: number): number {
    // From meter to meter by the primary key: a full outbox is not gone through for it.
    const row = this.#database.prepare(
      "with recursive meter(id) as (select min(meter_id) from outbox union all " +
        "select (select min(meter_id) from outbox where meter_id > id) from meter " +
        "where id is not null) " +
        "select count(*) as n from meter join outbox on meter_id = id and read_at_ms > ?",
    ).get(Math.ceil(now_ms));
    return Number(row?.n ?? 0);
  }
}
