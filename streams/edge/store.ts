/** All that a slave keeps across restarts, in one place. */
import { eraseLog, openDatabase } from "./database.ts";
import { MeterKeys } from "./meter_keys.ts";
import { Outbox } from "./outbox.ts";
import { countBoot, Sequences } from "./sequences.ts";
import { Starts } from "./starts.ts";

/** Readings that the outbox takes: 200 meters every 15 minutes for seven days are 134,400. */
export const OUTBOX_LIMIT_DEFAULT = 250_000;

export interface Store {
  /** Count of this start, 1 for the first. */
  readonly boot: number;
  readonly outbox: Outbox;
  readonly keys: MeterKeys;
  readonly sequences: Sequences;
  readonly starts: Starts;
  /** Seconds between readings as the head-end last set it, or undefined. */
  interval_s(): number | undefined;
  keepInterval(interval_s: number): void;
  close(): void;
}

/**
 * Opens the store in `dataDir` and counts the start. `takeKeys` takes in what was carried here, before:
 * what fails then is no start, and the count of starts is not used up by it. Throws `TerminalError`
 * that says what to do.
 */
export async function openStore(
  dataDir: string,
  outboxLimit: number = OUTBOX_LIMIT_DEFAULT,
  takeKeys: (keys: MeterKeys) => Promise<void> = () => Promise.resolve(),
): Promise<Store> {
  const database = await openDatabase(dataDir);
  try {
    const keys = new MeterKeys(database);
    await takeKeys(keys);
    const boot = countBoot(database);
    return {
      boot,
      outbox: new Outbox(database, boot, outboxLimit),
      keys,
      sequences: new Sequences(database, boot),
      starts: new Starts(database, boot),
      interval_s() {
        const row = database.prepare("select value from slave where name = 'interval_s'").get();
        return row === undefined ? undefined : Number(row.value);
      },
      keepInterval(interval_s) {
        database.prepare("insert or replace into slave values ('interval_s', ?)")
          .run(String(interval_s));
      },
      close() {
        try {
          keys.erasePrevious();
          eraseLog(database);
        } finally {
          database.close();
        }
      },
    };
  } catch (error) {
    database.close();
    throw error;
  }
}
