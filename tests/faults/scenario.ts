/** One scenario: the load runs, something is broken and mended, and then everything is counted. */
import { compare, differences } from "./compare.ts";
import type { HeadEnd } from "./head_end.ts";
import { pause, until } from "./world.ts";

export type Figures = Record<string, number | string>;

export interface Harm {
  readonly head: HeadEnd;
  /** The form for every test run: a few seconds. */
  readonly short: boolean;
  /** Names what does not hold; the scenario goes on, and has failed. */
  readonly fault: (what: string) => void;
  readonly figures: Figures;
  /** When the harm began, by the broker's clock, which is this machine's. */
  readonly begin_ms: number;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  /** Runs in the short form too. */
  readonly inShort: boolean;
  /** Needs a cluster of three brokers of its own. */
  readonly cluster?: boolean;
  run(harm: Harm): Promise<void>;
}

export interface Outcome {
  readonly name: string;
  readonly title: string;
  readonly seconds: number;
  readonly faults: readonly string[];
  readonly figures: Figures;
}

/** A test run shares its machine with others: there a limit of time only finds what hangs. */
export function limitOf(short: boolean, limit_ms: number): number {
  return short ? 5 * limit_ms : limit_ms;
}

/** After the faults have ended everything must be where it belongs within this time. */
const SETTLE_MAX_MS = 120_000;

/** Runs `scenario` on `head` and compares all that was ever generated with the database. */
export async function perform(scenario: Scenario, head: HeadEnd, short: boolean): Promise<Outcome> {
  const { name, title } = scenario;
  const faults: string[] = [];
  const figures: Figures = {};
  const began_ms = performance.now();
  try {
    await warmUp(head);
    const begin_ms = Date.now();
    const before = (await head.load.say("status")).generated + head.flooded;
    const fault = (what: string) => void faults.push(what);
    await scenario.run({ head, short, fault, figures, begin_ms });
    const after = await settle(head, figures, fault);
    figures.readings = after - before;
    figures["longest wait, ms"] = head.journal.longestWait(begin_ms);
    faults.push(...head.journal.faults.splice(0));
  } catch (error) {
    faults.push((error as Error).message);
    await head.load.say("quiet");
  }
  const seconds = Math.round((performance.now() - began_ms) / 1_000);
  return { name, title, seconds, faults, figures };
}

/** Until readings flow through the journal at the pace of the load. */
async function warmUp(head: HeadEnd): Promise<void> {
  await head.untilBalanced();
  const before = head.journal.readings;
  await head.load.say("begin");
  const enough = Math.max(20, head.options.meters / 8);
  await until("readings flow", () => head.journal.readings - before >= enough);
}

/** Nothing more is read; all that was must arrive. Returns how many readings there ever were. */
async function settle(
  head: HeadEnd,
  figures: Figures,
  fault: (what: string) => void,
): Promise<number> {
  const mended_ms = performance.now();
  await head.load.say("quiet");
  await until("the slaves let go of everything", async () => {
    return (await head.load.say("status")).outbox === 0;
  }, SETTLE_MAX_MS);
  const generated = (await head.load.say("status")).generated + head.flooded;
  await until("the database has as many rows as there are readings", async () => {
    return await head.rows() >= generated;
  }, SETTLE_MAX_MS);
  figures["lag zero after, s"] = Math.round((performance.now() - mended_ms) / 100) / 10;
  await pause(1_000); // What comes too much comes late.
  const comparison = await compare(head.load.generatedFile, head.db);
  for (const difference of differences(comparison)) fault(difference);
  figures.lost = comparison.lost.length;
  figures.doubled = comparison.doubled.length;
  return generated;
}
