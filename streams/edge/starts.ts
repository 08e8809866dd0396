/**
 * When each start of the slave was, by the machine's own clocks: what is needed to date a reading that
 * was taken without a time source, when the time is known only after another start.
 */
import type { Database } from "./database.ts";

/** How far the two clocks of a machine may differ from one start to another, in milliseconds. */
const AGREE_MS = 2_500;

interface Start {
  readonly local_ms: number;
  readonly uptime_s: number | null;
}

export class Starts {
  readonly #database: Database;
  readonly #boot: number;

  constructor(database: Database, boot: number) {
    this.#database = database;
    this.#boot = boot;
  }

  /**
   * Remembers this start: `local_ms`, the system's clock, and `uptime_s`, the machine's, at the same
   * moment. Starts of which no reading is left are forgotten.
   */
  note(local_ms: number, uptime_s: number | undefined): void {
    this.#database.prepare("delete from start where boot not in (select boot from outbox)").run();
    this.#database.prepare("insert or replace into start values (?, ?, ?)")
      .run(this.#boot, Math.floor(local_ms), uptime_s ?? null);
  }

  /**
   * Whether readings of start `boot` can be dated by the present one. The system's clock alone does not
   * tell: it may have been set in between, or have stood still without power. It is believed when the
   * uptime went on by the same amount.
   */
  isComparable(boot: number): boolean {
    if (boot === this.#boot) return true;
    const [then, now] = [this.#of(boot), this.#of(this.#boot)];
    if (!then || !now || then.uptime_s === null || now.uptime_s === null) return false;
    const byUptime_ms = (now.uptime_s - then.uptime_s) * 1_000;
    return byUptime_ms >= -AGREE_MS &&
      Math.abs(now.local_ms - then.local_ms - byUptime_ms) <= AGREE_MS;
  }

  #of(boot: number): Start | undefined {
    const row = this.#database.prepare("select local_ms, uptime_s from start where boot = ?")
      .get(boot);
    if (row === undefined) return undefined;
    const uptime_s = row.uptime_s === null ? null : Number(row.uptime_s);
    return { local_ms: Number(row.local_ms), uptime_s };
  }
}
