/**
 * Invoices a second, computed and issued, on PostgreSQL on this same machine, and how that compares
 * with what the database alone can insert: `deno task bench:billing --help`.
 */
import { arch, cpus, totalmem } from "node:os";
import { boundsOf } from "../../../actors/billing/calendar.ts";
import { openDatabase } from "../../../streams/database/connect.ts";
import { sql } from "../../../streams/database/kysely.ts";
import { migrate } from "../../../streams/database/migrate.ts";
import { postgresBinaries, startPostgres } from "../../support/postgres.ts";
import { POSTGRES_SETTINGS } from "../headend/stage.ts";
import { type Alone, insertAlone, setAside } from "./alone.ts";
import { measureRun, type RunFigures } from "./measure.ts";
import { type BenchOptions, readOptions, USAGE } from "./options.ts";
import { populate, populateYear } from "./population.ts";

/** 28 million consumers in a night of eight hours. */
const GOAL_A_SECOND = 972;
const PERIOD = "2026-09";
const AFTER_MONTH_MS = 90 * 60_000;
const DATABASE = "billing";

interface Result {
  readonly machine: string;
  readonly goal_a_second: number;
  readonly run: RunFigures;
  readonly alone?: Alone;
  /** The months of the meters that are read every 15 minutes. */
  readonly year?: { readonly readings: number; readonly runs: readonly RunFigures[] };
}

const say = (text: string) => console.error(text);
const nowAfter = (period: string) => boundsOf(period).end_ms + AFTER_MONTH_MS;

async function bench(options: BenchOptions): Promise<Result> {
  await using postgres = await startPostgres({ durable: true, settings: POSTGRES_SETTINGS });
  // Interrupted, the server goes with its folder all the same.
  const end = async () => {
    await postgres[Symbol.asyncDispose]();
    Deno.exit(130);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, end);
  const server = await openDatabase({ url: postgres.url });
  const url = new URL(postgres.url);
  url.pathname = `/${DATABASE}`;
  try {
    await sql`create database ${sql.id(DATABASE)}`.execute(server);
    const years = await prepare(url.href, options);
    if (options.alone) await setAside(server, DATABASE);
    const db = await openDatabase({ url: url.href });
    try {
      const { pages_at_once } = options;
      const place = { db, postgresPid: postgres.pid, pages_at_once };
      const runs: RunFigures[] = [];
      for (const period of years.periods) {
        say(`billing ${period} of the meters that are read every 15 minutes`);
        runs.push(await measureRun(place, period, nowAfter(period)));
      }
      say(`billing ${PERIOD} of ${options.accounts} accounts`);
      const run = await measureRun(place, PERIOD, nowAfter(PERIOD));
      let alone: Alone | undefined;
      if (options.alone) {
        say("the database alone");
        await sql`checkpoint`.execute(db);
        const folder = await folderOf(db);
        alone = await insertAlone(db, run.run_id, {
          ...{ url: url.href, folder, pages_at_once, postgresPid: postgres.pid },
        });
      }
      const { model } = cpus()[0]!;
      return {
        machine: `${cpus().length} cores, ${model.trim()} ${arch()}, ${
          Math.round(totalmem() / 2 ** 30)
        } GB; Deno ${Deno.version.deno}`,
        ...{ goal_a_second: GOAL_A_SECOND, run },
        ...(alone && { alone }),
        ...(years.readings > 0 && { year: { readings: years.readings, runs } }),
      };
    } finally {
      await db.destroy();
    }
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.removeSignalListener(signal, end);
    await server.destroy();
  }
}

/** The customers and their readings. Its connections are gone when it returns. */
async function prepare(
  url: string,
  { accounts, year_meters }: BenchOptions,
): Promise<{ periods: string[]; readings: number }> {
  const db = await openDatabase({ url });
  try {
    await migrate(db);
    say(`making ${accounts} accounts with a year of history`);
    await populate(db, { accounts, periods: [PERIOD] });
    if (year_meters === 0) return { periods: [], readings: 0 };
    say(`making a year of readings every 15 minutes of ${year_meters} meters`);
    const periods = await populateYear(db, year_meters, PERIOD);
    const { rows: [count] } = await sql<{ readings: number }>`
      select count(*) as readings from raw_reading`.execute(db);
    return { periods, readings: count!.readings };
  } finally {
    await db.destroy();
  }
}

/** A folder that the server itself may write to; it goes with the server. */
async function folderOf(db: Awaited<ReturnType<typeof openDatabase>>): Promise<string> {
  const { rows: [row] } = await sql<{ data: string }>`
    select current_setting('data_directory') as data`.execute(db);
  return row!.data;
}

const one = (value: number) => value.toFixed(1);
const whole = (value: number) => Math.round(value).toLocaleString("en-IN");

function print({ machine, goal_a_second, run, alone, year }: Result): void {
  console.log(machine);
  const { invoices, parked, seconds, a_second, billing_ms, postgres_ms, rss_mb } = run;
  console.log(
    `${whole(invoices)} bills in ${one(seconds)} s: ${whole(a_second)} a second, ${
      one(a_second / goal_a_second)
    } x the goal of ${goal_a_second}; ${parked} parked`,
  );
  console.log(
    `  processor time a bill: billing ${billing_ms.toFixed(2)} ms, PostgreSQL ${
      postgres_ms.toFixed(2)
    } ms`,
  );
  console.log(`  memory of billing over the run, MB: ${rss_mb.map(whole).join(" ")}`);
  if (alone !== undefined) {
    console.log(
      `the database alone, the same rows: ${whole(alone.a_second)} a second; billing reaches ${
        one(100 * a_second / alone.a_second)
      } % of it`,
    );
    console.log(
      `  processor time a bill: PostgreSQL ${alone.postgres_ms.toFixed(2)} ms; billing with its ` +
        `database takes ${one((billing_ms + postgres_ms) / alone.postgres_ms)} times that`,
    );
  }
  if (year === undefined) return;
  const bills = year.runs.reduce((sum, { invoices }) => sum + invoices, 0);
  const took_s = year.runs.reduce((sum, { seconds }) => sum + seconds, 0);
  const cpu = (name: "billing_ms" | "postgres_ms") =>
    year.runs.reduce((sum, one) => sum + one[name] * one.invoices, 0) / bills;
  console.log(
    `of ${whole(year.readings)} readings, twelve months of the meters read every 15 minutes: ${
      whole(bills)
    } bills, ${whole(bills / took_s)} a second; processor time a bill: billing ${
      cpu("billing_ms").toFixed(2)
    } ms, PostgreSQL ${cpu("postgres_ms").toFixed(2)} ms`,
  );
}

async function main(): Promise<void> {
  if (Deno.args.includes("--help")) return console.log(USAGE);
  const options = readOptions(Deno.args);
  if (postgresBinaries() === undefined) {
    throw new Error("No PostgreSQL server here (Debian: apt-get install postgresql)");
  }
  const result = await bench(options);
  if (options.json) console.log(JSON.stringify(result));
  else print(result);
}

if (import.meta.main) await main();
