/**
 * Which starts of the slave belong to one run of the machine: what is needed to date a reading that
 * was taken without a time source, when the time is known only after another start.
 */
import { parseJson, z } from "../../protocol/schema.ts";
import type { Database } from "./database.ts";

/** How far the two clocks of a machine may differ from one start to another, in milliseconds. */
const AGREE_MS = 2_500;

/** The present run of the machine, as far as the slave has seen it. */
const runSchema = z.object({
  first_boot: z.int().nonnegative(),
  /** The system's clock and the machine's uptime at the same moment, the latest that was seen. */
  local_ms: z.int(),
  uptime_s: z.number().nullable(),
});
type Run = z.infer<typeof runSchema>;

export class Starts {
  readonly #database: Database;
  readonly #boot: number;
  #firstBoot: number;

  constructor(database: Database, boot: number) {
    this.#database = database;
    this.#boot = boot;
    this.#firstBoot = boot;
  }

  /**
   * Remembers this start: `local_ms`, the system's clock, and `uptime_s`, the machine's, at the same
   * moment. It belongs to the run of the start before when both clocks went on from where they were
   * last seen, by the same amount. The system's clock alone does not tell: it may have been set, or
   * begin at the same moment after every power cut. Nor does the uptime at the starts: it is much the
   * same at each start of the machine.
   */
  note(local_ms: number, uptime_s: number | undefined): void {
    const before = this.#lastSeen();
    if (before !== undefined && goesOn(before, local_ms, uptime_s)) {
      this.#firstBoot = before.first_boot;
    }
    this.seen(local_ms, uptime_s);
  }

  /** Remembers that this run has come so far: call it now and then while the time is not known. */
  seen(local_ms: number, uptime_s: number | undefined): void {
    const run: Run = {
      first_boot: this.#firstBoot,
      local_ms: Math.floor(local_ms),
      uptime_s: uptime_s ?? null,
    };
    this.#database.prepare("insert or replace into slave values ('run', ?)")
      .run(JSON.stringify(run));
  }

  /** Whether readings of start `boot` can be dated by the present one: both are of one run. */
  isComparable(boot: number): boolean {
    return boot >= this.#firstBoot && boot <= this.#boot;
  }

  /** The last moment of the start before that anything tells of: its readings do as well. */
  #lastSeen(): Run | undefined {
    const row = this.#database.prepare("select value from slave where name = 'run'").get();
    if (row === undefined) return undefined;
    const run = parseJson(runSchema, String(row.value), "The last run of the machine");
    const { last_ms } = this.#database.prepare(
      "select max(read_at_ms - clock_offset_ms) as last_ms from outbox " +
        "where clock_quality <= 0 and boot >= ? and boot < ?",
    ).get(run.first_boot, this.#boot)!;
    const later_ms = Math.max(0, Number(last_ms ?? run.local_ms) - run.local_ms);
    return {
      ...run,
      local_ms: run.local_ms + later_ms,
      uptime_s: run.uptime_s === null ? null : run.uptime_s + later_ms / 1_000,
    };
  }
}

function goesOn(before: Run, local_ms: number, uptime_s: number | undefined): boolean {
  if (before.uptime_s === null || uptime_s === undefined) return false;
  const byUptime_ms = (uptime_s - before.uptime_s) * 1_000;
  return byUptime_ms >= -AGREE_MS &&
    Math.abs(local_ms - before.local_ms - byUptime_ms) <= AGREE_MS;
}
