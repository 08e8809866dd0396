/**
 * One who closes billing cycles: the production cycle, judge and bill over the world's tables. It
 * stands in for `streams/billing/step.ts`, whose SQL runs on real databases in tests: one step is one
 * transaction that locks its account, decides, and writes all that follows.
 */
import type { Bill } from "../../../actors/billing/bill.ts";
import {
  type Cycle,
  type CycleEffect,
  type CycleMessage,
  receive,
} from "../../../actors/billing/cycle.ts";
import type { CandidateReading, CycleFacts } from "../../../actors/billing/facts.ts";
import { type ClosingWindow, readingSought } from "../../../actors/billing/sought.ts";
import { NotUniqueError } from "../billing_tables.ts";
import { ask, inTransaction, lockRow, type Open, type WorldDatabase } from "../database.ts";
import type { Link } from "../link.ts";
import { METERS, slaveOf, START_MS } from "../meters.ts";
import type { Random } from "../random.ts";

/** The months of a world: one ends in it, one has begun and is closed by the first reading after. */
const PERIODS = ["2026-03", "2026-04"] as const;
const CLOSES_FROM_MS = 41_000;
/** All closers begin at once, as a commit of the ledger nudges all of them. */
const TURN_MS = 6_000;
/** Bills that somebody finds wrong. */
const VOIDED = 0.3;
const INSTALLED_MS = Date.UTC(2026, 2, 1);
const ENERGY = "1-0:1.8.0";

export interface CloserParts {
  readonly database: WorldDatabase;
  readonly link: Link;
  readonly random: Random;
}

/** Closes what is due, again and again; of what fails it tries again at the next turn. */
export function startCloser(parts: CloserParts): void {
  const { link, random } = parts;
  const turn = async () => {
    for (const meter_id of METERS.slice(0, 2)) {
      for (const period of PERIODS) {
        if (link.process.now_ms() < CLOSES_FROM_MS) continue;
        const message = random.chance(VOIDED) ? "void" : "close";
        await step(parts, meter_id, period, message).catch(() => {}); // The next turn tries again.
      }
    }
  };
  const next = () => {
    const left_ms = TURN_MS - link.process.now_ms() % TURN_MS;
    link.process.after(left_ms, () => void turn().then(next));
  };
  next();
}

/** What a step has decided so far. */
interface Decided {
  readonly cycle: Cycle;
  readonly bills: Bill[];
  voids: boolean;
}

/** One step. Another closer that was faster counts as success. */
async function step(
  { database, link }: CloserParts,
  meter_id: string,
  period: string,
  what: "close" | "void",
): Promise<void> {
  const { billing } = database;
  const account_id = `account-${meter_id}`;
  const work = async (open: Open): Promise<Decided> => {
    if (billing.locksAccounts) await lockRow(database, link, open, account_id);
    const seen = await ask(database, link, open, () => ({
      cycle: billing.cycle(account_id, period),
      facts: factsOf(database, account_id, meter_id, period),
      find: candidates(database, meter_id),
    }));
    const now_ms = Math.floor(START_MS + link.process.now_ms());
    return decide(seen.cycle, seen.facts, seen.find, now_ms, what);
  };
  try {
    await inTransaction(database, link, work, (_open, { cycle, bills, voids }) => {
      billing.write(cycle, bills, voids);
    });
  } catch (error) {
    if (!(error instanceof NotUniqueError)) throw error;
  }
}

function decide(
  cycle: Cycle,
  facts: CycleFacts,
  find: Find,
  now_ms: number,
  what: "close" | "void",
): Decided {
  const decided: Decided = { cycle, bills: [], voids: false };
  const take = (message: CycleMessage) => {
    for (const effect of receive(cycle, message, now_ms)) perform(effect);
  };
  const look = () => {
    if (cycle.state !== "awaiting_reading" || cycle.requested_at_ms === null) return;
    const sought = readingSought(cycle, facts);
    if (sought === null) return;
    const candidate = find(sought.after_ms, sought.window);
    if (candidate !== undefined) take({ message: "reading", candidate, facts });
  };
  const perform = (effect: CycleEffect) => {
    if (effect.effect === "look") look();
    if (effect.effect === "void") decided.voids = true;
    if (effect.effect === "issue") {
      decided.bills.push(effect.bill);
      take({ message: "issued" });
    } // `ask`: meters of a world are read every few seconds anyway.
  };
  if (what === "void" && cycle.state === "issued") {
    const { later_billed } = facts;
    take({ message: "void", reason: "found wrong", later_billed });
  } else {
    take({ message: "close", requested_at_ms: now_ms, facts });
  }
  return decided;
}

function factsOf(
  { billing }: WorldDatabase,
  account_id: string,
  meter_id: string,
  period: string,
): CycleFacts {
  const billed = billing.billed(account_id);
  const before = billed.find((one) => one.period < period);
  const opening = before === undefined
    ? { read_at_ms: INSTALLED_MS, value_wh: 0, source: "installation" as const }
    : { read_at_ms: before.to_ms, value_wh: before.to_wh, source: "frame" as const };
  return {
    account: {
      ...{ id: account_id, tariff_id: "msedcl-lt-1b", phase: 1, municipal: false },
      ...{ sanctioned_load_w: 0, status: "active", opened_on: "2026-03-01", closed_on: null },
    },
    consumer: {
      ...{ number: "C1", name: "Asha Patil", address: "Pune", phone: null, email: null },
      language: "en",
    },
    installations: [{
      ...{ meter_id, serial_number: "S1", slave_id: slaveOf(meter_id), multiplying_factor: 1 },
      ...{ register_digits: null, installed_at_ms: INSTALLED_MS, opening, removed: null },
    }],
    open_estimates: [],
    later_billed: billed.findLast((one) => one.period > period)?.period ?? null,
    earlier_draft: null,
    earlier_waiting: null,
    history: [],
    balance: null,
    replaces: null,
    fac: [],
  };
}

type Find = (
  opened_ms: number,
  window: ClosingWindow,
) => CandidateReading | undefined;

/** The first or the last reading of a meter within a window, of the rows as they stand. */
function candidates({ readings }: WorldDatabase, meter_id: string): Find {
  const own = [...readings.values()]
    .filter((row) => row.meter_id === meter_id && row.obis === ENERGY)
    .sort((a, b) => a.read_at_ms - b.read_at_ms);
  return (opened_ms, { from_ms, to_ms, take }) => {
    const within = own.filter(({ read_at_ms: at_ms }) =>
      at_ms > opened_ms && at_ms >= from_ms && (to_ms === null || at_ms < to_ms)
    );
    const row = take === "first" ? within[0] : within.at(-1);
    if (row === undefined) return undefined;
    return {
      reading: {
        ...{ read_at_ms: row.read_at_ms, value_wh: row.value, source: "frame" },
        ...{ frame_sequence: row.frame_sequence, journal_sequence: row.journal_sequence },
        ...{ sealed_at_ms: row.sealed_at_ms, arrived_at_ms: row.arrived_at_ms },
        ...{ second_found_s: row.second_found_s, trials: row.trials },
        clock_quality: row.clock_quality,
        clock_offset_ms: row.sealed_at_ms - row.arrived_at_ms,
      },
      flags: [],
      went_back_at_ms: null,
    };
  };
}
