/**
 * Real processes and real harm: `deno task faults --help`.
 */
import { parseArgs } from "node:util";
import { cpus } from "node:os";
import { formatTable } from "../../streams/terminal/table.ts";
import { postgresBinaries } from "../support/postgres.ts";
import { floods } from "./flood.ts";
import { HeadEnd } from "./head_end.ts";
import { toMasters } from "./harm_to_masters.ts";
import { toParts } from "./harm_to_parts.ts";
import { usurpers } from "./usurper.ts";
import { type Outcome, perform, type Scenario } from "./scenario.ts";

export const SCENARIOS: readonly Scenario[] = [
  ...toMasters,
  ...usurpers,
  ...toParts,
  ...floods,
];

const USAGE = `deno task faults [--short] [--only NAME[,NAME]] [--meters N] [--keep] [--json]

Kills, stops and cuts real masters, brokers and databases under load, and compares every reading
that was ever taken with the rows in PostgreSQL.

  --short       A few seconds each, those that run in every test run
  --only NAME   ${SCENARIOS.map(({ name }) => name).join(", ")}
  --meters N    Meters under load (default 2000, short 200), each read every 30 s (short 4 s)
  --keep        Keep the folder with the logs, and say where it is
  --json        One JSON document`;

export interface FaultsOptions {
  readonly short: boolean;
  readonly only?: readonly string[];
  readonly meters?: number;
  readonly keep?: boolean;
  readonly say: (text: string) => void;
}

/** Runs the scenarios, those that need a cluster on one of their own. */
export async function runFaults(options: FaultsOptions): Promise<Outcome[]> {
  const { short, only } = options;
  const chosen = SCENARIOS.filter(({ name, inShort }) =>
    only === undefined ? inShort || !short : only.includes(name)
  );
  const outcomes: Outcome[] = [];
  for (const cluster of [false, true]) {
    const here = chosen.filter((scenario) => (scenario.cluster ?? false) === cluster);
    if (here.length > 0) outcomes.push(...await runHere(here, options, cluster ? 3 : 1));
  }
  return outcomes;
}

async function runHere(
  scenarios: readonly Scenario[],
  { short, meters = short ? 200 : 2_000, keep = false, say }: FaultsOptions,
  brokers: number,
): Promise<Outcome[]> {
  const dataDir = await Deno.makeTempDir({ prefix: "samay-faults-" });
  const interval_s = short ? 4 : 30;
  const head = new HeadEnd({ dataDir, meters, interval_s, brokers, say });
  const outcomes: Outcome[] = [];
  const interrupted = async () => {
    await head.world.end();
    await Deno.remove(dataDir, { recursive: true });
    Deno.exit(130);
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(signal, interrupted);
  try {
    await head.start();
    for (const scenario of scenarios) {
      say(scenario.title);
      const outcome = await perform(scenario, head, short);
      say(`  ${outcome.seconds} s ${JSON.stringify(outcome.figures)}`);
      for (const fault of outcome.faults) say(`  FAULT: ${fault}`);
      outcomes.push(outcome);
    }
  } finally {
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      Deno.removeSignalListener(signal, interrupted);
    }
    await head.world.end();
    if (keep) say(`Logs: ${dataDir}`);
    else await Deno.remove(dataDir, { recursive: true });
  }
  return outcomes;
}

function tableOf(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map(({ name, title, seconds, faults, figures }) => [
    name,
    title,
    String(seconds),
    Object.entries(figures).map(([what, value]) => `${what} ${value}`).join(", "),
    faults.length === 0 ? "holds" : `${faults.length} FAULTS`,
  ]);
  const columns = ["scenario", "harm", "s", "figures", "result"].map((title) => ({ title }));
  return formatTable(columns, rows);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      help: { type: "boolean" },
      short: { type: "boolean" },
      only: { type: "string" },
      meters: { type: "string" },
      keep: { type: "boolean" },
      json: { type: "boolean" },
    },
  });
  if (values.help) return console.log(USAGE), 0;
  if (postgresBinaries() === undefined) {
    console.error("No PostgreSQL server here (Debian: apt-get install postgresql)");
    return 1;
  }
  const outcomes = await runFaults({
    short: values.short ?? false,
    keep: values.keep ?? false,
    ...(values.only !== undefined && { only: values.only.split(",") }),
    ...(values.meters !== undefined && { meters: Number(values.meters) }),
    say: (text) => console.error(text),
  });
  const machine = `${cpus().length} x ${cpus()[0]?.model.trim() ?? "?"}, Deno ${Deno.version.deno}`;
  if (values.json) console.log(JSON.stringify({ machine, outcomes }));
  else console.log(`${machine}\n${tableOf(outcomes)}`);
  return outcomes.some(({ faults }) => faults.length > 0) ? 1 : 0;
}

if (import.meta.main) Deno.exit(await main());
