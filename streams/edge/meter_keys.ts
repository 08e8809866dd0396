/** Each meter's sealing keys, from the key file that is taken in once to the present second. */
import { TerminalError } from "../../protocol/errors.ts";
import { fromHex } from "../../protocol/bytes.ts";
import type { RekeyCommand } from "../../protocol/messages/command.ts";
import type { SlaveKeyFile } from "../../protocol/messages/enrolment.ts";
import { parseJson } from "../../protocol/schema.ts";
import { type EdgeEnrolment, EdgeKeys, edgeKeyState } from "../../protocol/tves/edge_keys.ts";
import { openRekey } from "../../protocol/tves/rekey.ts";
import type { Suite } from "../../protocol/tves/suites.ts";
import { SECONDS_A_DAY, SECONDS_A_HOUR } from "../../protocol/tves/schedule.ts";
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

/** A re-key that was wrapped for an hour whose key this slave has erased. */
export class StaleError extends TerminalError {
  override readonly name: string = "StaleError";
}

export class MeterKeys {
  readonly #database: Database;
  readonly #meters = new Map<string, MeterKey>();
  /** Second of the last advance and what it found: most calls come within the same second. */
  #advanced_s = -1;
  #faults: readonly KeyFault[] = [];
  /** Second that the clock was last known to show; -1 as long as it was not known. */
  #known_s = -1;
  /** Meters whose keys have changed and are not on disk yet: a write that failed is made up for. */
  readonly #changed = new Set<MeterKey>();
  /** The database's log may still hold a key that was replaced. */
  #logHoldsKeys = true;

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
    // The process may have been killed within the minute for which the previous hour's key is kept,
    // who knows how long ago; or in the middle of a change, with the old key in the log file.
    this.erasePrevious();
  }

  get(meter_id: string): MeterKey | undefined {
    return this.#meters.get(meter_id);
  }

  /** The hour since the Unix epoch that each meter's keys stand at. */
  hours(): Map<string, number> {
    return new Map([...this.#meters].map(([meter_id, { keys }]) => [meter_id, keys.hour]));
  }

  /** Whether the chain that stands is the one that begins with the key in `file`. */
  isTaken({ meter_id, generation, enrolment_day, key }: SlaveKeyFile): boolean {
    const standing = this.#meters.get(meter_id);
    if (standing === undefined || standing.generation !== generation) return false;
    const t_s = standing.keys.hour * SECONDS_A_HOUR;
    if (t_s < enrolment_day * SECONDS_A_DAY) return false;
    const bytes = fromHex(key);
    const again = EdgeKeys.enrol({
      ...{ key: bytes, generation, enrolmentDay: enrolment_day, meterId: meter_id, t_s },
    });
    bytes.fill(0);
    const isSame = again.state().hour_key === standing.keys.state().hour_key;
    again.erase();
    return isSame;
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
          `one of generation ${generation} would set it back. A newer one comes of: samay meter rekey ` +
          `${meter_id} --key-file PATH`,
      );
    }
    const key = fromHex(file.key);
    const t_s = file.enrolment_day * SECONDS_A_DAY;
    this.#replace(
      { meter_id, alias, generation, suite: file.suite, consumer_number },
      { key, generation, enrolmentDay: file.enrolment_day, meterId: meter_id, t_s },
    );
  }

  /**
   * Switches to the generation that `command` brings. What stood before is erased: the one row changes
   * from the old chain to the new one, so that a killed process finds either. Returns the generation
   * that stands afterwards: a command that was handled before changes nothing. Throws `StaleError` for
   * an hour whose key is erased, and `TerminalError` for what will never open.
   */
  rekey(command: RekeyCommand): number {
    const { meter_id, generation, enrolment_day, alias } = command;
    const standing = this.#meters.get(meter_id);
    if (standing === undefined) {
      throw new TerminalError("no key that could open the new one: bring a key file");
    }
    if (standing.generation >= generation) return standing.generation;
    const begins_s = enrolment_day * SECONDS_A_DAY;
    if (this.#known_s >= 0 && begins_s > this.#known_s + SECONDS_A_HOUR) {
      throw new TerminalError(
        "its chain begins in the future: set the head-end's clock, then make a new one",
      );
    }
    const key = this.#open(standing, command);
    // Not back behind the old chain: what this slave sealed stays shut under the new key too.
    const t_s = Math.max(
      begins_s,
      standing.keys.hour * SECONDS_A_HOUR,
    );
    const enrolmentDay = enrolment_day;
    this.#replace(
      { ...standing, alias, generation },
      { key, generation, enrolmentDay, meterId: meter_id, t_s },
    );
    return generation;
  }

  #open(standing: MeterKey, command: RekeyCommand): Uint8Array {
    const { meter_id, generation, under_generation, enrolment_day, alias, hour } = command;
    if (standing.generation !== under_generation) {
      throw new TerminalError(
        `it is wrapped under generation ${under_generation}, here stands ${standing.generation}: ` +
          "bring a key file",
      );
    }
    const hourKey = standing.keys.hourKey(hour);
    if (hourKey === undefined) {
      throw new StaleError("its hour is past and that hour's key is erased here: ask for it again");
    }
    const key = openRekey({
      ...{ hourKey, alias, hour, generation, meterId: meter_id, wrapped: command.wrapped_key },
      ...{ underGeneration: under_generation, enrolmentDay: enrolment_day },
    });
    hourKey.fill(0);
    if (key !== undefined) return key;
    throw new TerminalError("it does not open under this meter's key: bring a key file");
  }

  /** Puts a new chain in the place of the old one, on disk first, and erases what it was made from. */
  #replace(meter: Omit<MeterKey, "keys">, enrolment: EdgeEnrolment): void {
    const keys = EdgeKeys.enrol(enrolment);
    enrolment.key.fill(0);
    const { meter_id, alias, generation, suite, consumer_number } = meter;
    // The numbers that were reserved stay reserved: one row tells them for every generation.
    this.#database.prepare(
      "insert into meter_key (meter_id, alias, generation, suite, consumer_number, state) " +
        "values (?, ?, ?, ?, ?, ?) on conflict (meter_id) do update set alias = excluded.alias, " +
        "generation = excluded.generation, suite = excluded.suite, " +
        "consumer_number = excluded.consumer_number, state = excluded.state",
    ).run(meter_id, alias, generation, suite, consumer_number, JSON.stringify(keys.state()));
    const standing = this.#meters.get(meter_id);
    if (standing !== undefined) this.#changed.delete(standing);
    standing?.keys.erase();
    this.#meters.set(meter_id, { meter_id, alias, generation, suite, consumer_number, keys });
    this.#advanced_s = -1;
    this.#logHoldsKeys = true;
    try {
      this.#write();
    } catch (error) {
      // The switch stands on the disk, so this is no failure of it: `advance` tries again, and says
      // why it cannot.
      if (!(error instanceof Error)) throw error;
    }
  }

  /** Brings to the disk what has changed and clears the log of what was replaced; again if it failed. */
  #write(): void {
    if (this.#changed.size > 0) {
      this.#logHoldsKeys = true;
      inTransaction(this.#database, () => {
        const update = this.#database.prepare("update meter_key set state = ? where meter_id = ?");
        for (const { meter_id, keys } of this.#changed) {
          update.run(JSON.stringify(keys.state()), meter_id);
        }
      });
      this.#changed.clear();
    }
    if (!this.#logHoldsKeys) return;
    eraseLog(this.#database);
    this.#logHoldsKeys = false;
  }

  /**
   * Erases the keys of the previous hour before their minute is over, on disk too: for a clock that is
   * not known, which could not tell when to. Costs nothing where there are none. Throws when the store
   * fails; call it again then.
   */
  erasePrevious(): void {
    for (const meter of this.#meters.values()) {
      if (meter.keys.erasePrevious()) this.#changed.add(meter);
    }
    this.#write();
  }

  /**
   * Brings all keys forward to `t_s` by a synchronised clock, and erases what lies behind, on disk
   * too. Call it before every sealing and at least once a minute. Returns the meters whose keys could
   * not go forward, with the reason.
   */
  advance(t_s: number): readonly KeyFault[] {
    if (t_s === this.#advanced_s) return this.#faults;
    const faults: KeyFault[] = [];
    for (const meter of this.#meters.values()) {
      try {
        if (meter.keys.advance(t_s)) this.#changed.add(meter);
      } catch (error) {
        faults.push({ meter_id: meter.meter_id, reason: (error as Error).message });
      }
    }
    this.#write();
    this.#advanced_s = t_s;
    this.#known_s = t_s;
    this.#faults = faults;
    return faults;
  }
}
