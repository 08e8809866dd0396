/** Each meter's sealing keys, from the key file that is taken in once to the present second. */
import { TerminalError } from "../../protocol/errors.ts";
import { fromHex } from "../../protocol/bytes.ts";
import type { SlaveKeyFile } from "../../protocol/messages/enrolment.ts";
import { parseJson } from "../../protocol/schema.ts";
import { EdgeKeys, edgeKeyState } from "../../protocol/tves/edge_keys.ts";
import type { Suite } from "../../protocol/tves/suites.ts";
import { SECONDS_A_DAY } from "../../protocol/tves/schedule.ts";
import { type Database, eraseLog, inTransaction } from "./database.ts";

/** What a meter seals with. */
export interface MeterKey {
  readonly meter_id: string;
  readonly alias: number;
  readonly generation: number;
  readonly suite: Suite;
  readonly consumer_number: string;
  readonly keys: EdgeKeys;
}

/** Why a meter's keys do not reach the present. */
export interface KeyFault {
  readonly meter_id: string;
  readonly reason: string;
}

export class MeterKeys {
  readonly #database: Database;
  readonly #meters = new Map<string, MeterKey>();
  /** Second of the last advance and what it found: most calls come within the same second. */
  #advanced_s = -1;
  #faults: readonly KeyFault[] = [];

  constructor(database: Database) {
    this.#database = database;
    for (const row of database.prepare("select * from meter_key").all()) {
      const meter_id = String(row.meter_id);
      const state = parseJson(edgeKeyState, String(row.state), `Stored key of meter ${meter_id}`);
      this.#meters.set(meter_id, {
        meter_id,
        alias: Number(row.alias),
        generation: Number(row.generation),
        suite: Number(row.suite) as Suite,
        consumer_number: String(row.consumer_number),
        keys: EdgeKeys.restore(state),
      });
    }
  }

  get(meter_id: string): MeterKey | undefined {
    return this.#meters.get(meter_id);
  }

  /**
   * Takes in a key file. What is stored is the chain from the day of enrolment on, not the key. The
   * chain goes forward to the present as soon as the clock is known, and not before: it never comes
   * back. Throws `TerminalError` for a generation that is not newer than the one that stands.
   */
  enrol(file: SlaveKeyFile): void {
    const { meter_id, generation, alias, consumer_number } = file;
    const standing = this.#meters.get(meter_id);
    if (standing !== undefined && standing.generation >= generation) {
      throw new TerminalError(
        `Meter ${meter_id} has a key of generation ${standing.generation} already; ` +
          `one of generation ${generation} would set it back. Enrol it anew for a newer one`,
      );
    }
    const key = fromHex(file.key);
    const keys = EdgeKeys.enrol({
      key,
      generation,
      enrolmentDay: file.enrolment_day,
      meterId: meter_id,
      t_s: file.enrolment_day * SECONDS_A_DAY,
    });
    key.fill(0);
    const meter = { meter_id, alias, generation, suite: file.suite, consumer_number, keys };
    this.#database.prepare(
      "insert or replace into meter_key " +
        "(meter_id, alias, generation, suite, consumer_number, state) values (?, ?, ?, ?, ?, ?)",
    ).run(
      meter_id,
      alias,
      generation,
      file.suite,
      consumer_number,
      JSON.stringify(keys.state()),
    );
    eraseLog(this.#database);
    this.#meters.set(meter_id, meter);
    this.#advanced_s = -1;
  }

  /**
   * Brings all keys forward to `t_s` by a synchronised clock, and erases what lies behind, on disk
   * too. Call it before every sealing and at least once a minute. Returns the meters whose keys could
   * not go forward, with the reason.
   */
  advance(t_s: number): readonly KeyFault[] {
    if (t_s === this.#advanced_s) return this.#faults;
    const changed: MeterKey[] = [];
    const faults: KeyFault[] = [];
    for (const meter of this.#meters.values()) {
      try {
        if (meter.keys.advance(t_s)) changed.push(meter);
      } catch (error) {
        faults.push({ meter_id: meter.meter_id, reason: (error as Error).message });
      }
    }
    if (changed.length > 0) {
      inTransaction(this.#database, () => {
        const update = this.#database.prepare("update meter_key set state = ? where meter_id = ?");
        for (const meter of changed) {
          update.run(JSON.stringify(meter.keys.state()), meter.meter_id);
        }
      });
      eraseLog(this.#database);
    }
    this.#advanced_s = t_s;
    this.#faults = faults;
    return faults;
  }
}
