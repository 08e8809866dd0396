/**
 * Boot counts and sequence numbers that are never used twice, whenever the process dies.
 *
 * Both are written ahead: the boot count before anything is sealed, and sequence numbers in blocks
 * before the first of a block is used. What a killed process had reserved is skipped.
 *
 * An old copy of the data directory that is put back counts the same boots again. The head-end refuses
 * such frames (`too_old`, or `replayed`) and says so. No nonce is used twice under one key even then:
 * a frame's key and nonce depend on its second, and a second that has passed does not come again for
 * a clock that only time servers move. To be heard again the slave needs the newest copy, or its
 * meters a key of a new generation, for which boots and sequences count afresh.
 */
import { TerminalError } from "../../protocol/errors.ts";
import { type Database, inTransaction } from "./database.ts";

/** Two bytes of a frame's header. */
const BOOT_MAX = 0xffff;
const SEQUENCE_MAX = 0xffff_ffff;
const BLOCK = 256;

/** Counts this start. Throws `TerminalError` once the count is used up. */
export function countBoot(database: Database): number {
  return inTransaction(database, () => {
    const row = database.prepare("select value from slave where name = 'boot'").get();
    const boot = Number(row?.value ?? 0) + 1;
    if (boot > BOOT_MAX) {
      throw new TerminalError(
        `This slave has been started ${BOOT_MAX} times, as often as frames can tell: give it an ` +
          "empty data directory, and its meters new keys (samay meter rekey ID --key-file PATH)",
      );
    }
    database.prepare("insert or replace into slave values ('boot', ?)").run(String(boot));
    return boot;
  });
}

export class Sequences {
  readonly #database: Database;
  readonly #boot: number;
  readonly #meters = new Map<string, { next: number; reserved: number }>();

  constructor(database: Database, boot: number) {
    this.#database = database;
    this.#boot = boot;
  }

  /** The next sequence number of a meter in this boot; 1 is the first. */
  next(meter_id: string): number {
    let meter = this.#meters.get(meter_id);
    if (meter === undefined) {
      const from = this.#stored(meter_id);
      this.#meters.set(meter_id, meter = { next: from + 1, reserved: from });
    }
    if (meter.next > meter.reserved) {
      const reserved = Math.min(meter.next + BLOCK - 1, SEQUENCE_MAX);
      if (meter.next > SEQUENCE_MAX) {
        throw new TerminalError(`Sequence numbers of ${meter_id} are used up: restart the slave`);
      }
      this.#database.prepare(
        "update meter_key set boot = ?, sequence_reserved = ? where meter_id = ?",
      ).run(this.#boot, reserved, meter_id);
      meter.reserved = reserved; // Only now: what the disk did not take is not handed out.
    }
    return meter.next++;
  }

  /** What was reserved in this boot already: something only if the count of boots did not rise. */
  #stored(meter_id: string): number {
    const row = this.#database.prepare(
      "select boot, sequence_reserved from meter_key where meter_id = ?",
    ).get(meter_id);
    if (row === undefined) throw new TerminalError(`Meter ${meter_id} has no key on this slave`);
    return Number(row.boot) === this.#boot ? Number(row.sequence_reserved) : 0;
  }
}
