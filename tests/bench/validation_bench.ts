/**
 * What the sweep over new readings costs, next to what the ledger costs that wrote them: processor
 * time of this process and of PostgreSQL, for the same readings, in the same run.
 */
import { cpuUsage } from "node:process";
import { parseArgs } from "node:util";
import { VALIDATION_RULES } from "../../actors/validation/rules.ts";
import type { ReadingEvent } from "../../protocol/messages/journal.ts";
import { sql } from "../../streams/database/kysely.ts";
import { projectBatch } from "../../streams/database/ledger.ts";
import { openDatabase } from "../../streams/database/connect.ts";
import { migrate } from "../../streams/database/migrate.ts";
import { ENERGY } from "../../streams/database/readings.ts";
import { Sweep } from "../../streams/validation/sweep.ts";
import { startPostgres } from "../support/postgres.ts";
import { addCustomers } from "./customers.ts";

const TICKS_PER_S = 100;
const FIRST_MS = Date.parse("2026-04-01T00:00:00+05:30");
const INTERVAL_MS = 15 * 60_000;
const DAY_MS = 86_400_000;
const READINGS_A_RECORD = 250;

/** Processor time in ms of this process, and of the server with its backends. */
async function spent_ms(postmaster: number): Promise<{ own: number; database: number }> {
  const { user, system } = cpuUsage();
  let ticks = 0;
  // Through a shell: Deno lets only a program with every permission read another process's files.
  const args = ["-c", "cat /proc/[0-9]*/stat 2>/dev/null"];
  const { stdout } = await new Deno.Command("sh", { args, stderr: "null" }).output();
  for (const stat of new TextDecoder().decode(stdout).trim().split("\n")) {
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const isOurs = parseInt(stat) === postmaster || Number(fields[1]) === postmaster;
    if (isOurs) ticks += Number(fields[11]) + Number(fields[12]);
  }
  return { own: (user + system) / 1_000, database: ticks * 1_000 / TICKS_PER_S };
}

function event(meter: number, round: number, frame: number): ReadingEvent {
  const read_at_ms = FIRST_MS + round * INTERVAL_MS + meter;
  return {
    ...{ event: "reading", frame, meter_id: `M${meter}`, generation: 0, boot: 1 },
    ...{ sequence: round, t_s: Math.floor(read_at_ms / 1_000), trials: 1, quality: 3 },
    ...{ arrival_ms: read_at_ms + 300, sealed_at_ms: read_at_ms + 200, flags: [] },
    registers: [{ obis: ENERGY, value: 1_000_000 + round * 120, unit: "Wh", read_at_ms }],
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      meters: { type: "string", default: "10000" },
      rounds: { type: "string", default: "6" },
    },
  });
  const meters = Math.min(Number(values.meters), 100_000);
  const rounds = Math.min(Number(values.rounds), 100);
  await using server = await startPostgres();
  const db = await openDatabase({ url: server.url });
  await migrate(db);
  await addCustomers(db, {
    ...{ first: 1, last: meters, meter: { word: "M", digits: 1 } },
    installed_at: new Date(FIRST_MS - DAY_MS),
  });
  await sql`vacuum analyze`.execute(db);
  const sweep = new Sweep(db, VALIDATION_RULES);
  let sequence = 0;
  for (let round = 0; round < rounds; round++) {
    const before = await spent_ms(server.pid);
    for (let first = 1; first <= meters; first += READINGS_A_RECORD * 8) {
      const records = [];
      for (let at = first; at < first + READINGS_A_RECORD * 8 && at <= meters;) {
        const events: ReadingEvent[] = [];
        while (events.length < READINGS_A_RECORD && at <= meters) {
          events.push(event(at++, round, sequence * READINGS_A_RECORD + events.length + 1));
        }
        sequence++;
        const record = {
          v: 1 as const,
          type: "batch" as const,
          partition: 0,
          epoch: 1,
          owner: "m",
        };
        records.push({ sequence, record: { ...record, cursor: sequence, events } });
      }
      await projectBatch(db, records);
    }
    const written = await spent_ms(server.pid);
    let looked_up = 0;
    for (;;) {
      const step = await sweep.step(FIRST_MS + round * INTERVAL_MS + 60_000);
      looked_up += step.looked_up;
      if (step.quarantined + step.noted > 0) throw new Error("good readings were not passed");
      if (step.cursor === step.ledger) break;
    }
    const swept = await spent_ms(server.pid);
    const us = (ms: number) => (ms * 1_000 / meters).toFixed(1).padStart(7);
    console.log(
      `round ${round}: ledger ${us(written.own - before.own)} + ` +
        `${us(written.database - before.database)} us a reading, sweep ${
          us(swept.own - written.own)
        } + ${us(swept.database - written.database)} us (process + PostgreSQL), ` +
        `${looked_up} looked up`,
    );
  }
  await db.destroy();
}

if (import.meta.main) await main();
