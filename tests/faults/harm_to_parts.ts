/** Brokers and databases that die, and frames that nobody should have sent. */
import { type LoadStatus, REPLAY_AFTER_MS } from "./load.ts";
import { type Harm, limitOf, type Scenario } from "./scenario.ts";
import { pause, until } from "./world.ts";
import type { HeadEnd } from "./head_end.ts";

const STALL_MAX_MS = 1_000;
/** Every frame is decided at last, on a busy machine too; how long one may stall is judged by itself. */
const DECIDED_MAX_MS = 20_000;
/** How long after an outage of the broker the last frame that waited may take. */
const RESUME_MAX_MS = 2_000;

async function killBroker({ head, short, fault, figures, begin_ms }: Harm): Promise<void> {
  const kills = 10;
  let outage_ms = 0;
  for (let i = 0; i < kills; i++) {
    const killed_ms = performance.now();
    await head.world.killBroker();
    await pause(500);
    await head.world.startBroker();
    outage_ms = Math.max(outage_ms, Math.round(performance.now() - killed_ms));
    await pause(4_000);
  }
  const moves = head.journal.movesSince(begin_ms).size;
  const wait_ms = head.journal.longestWait(begin_ms);
  Object.assign(figures, { kills, moves, "longest outage, ms": outage_ms });
  // All leases stood still together: nobody's silence was his own.
  if (moves > 0) fault(`${moves} partitions changed hands though every master lived`);
  if (wait_ms > outage_ms + limitOf(short, RESUME_MAX_MS)) {
    fault(`a frame waited ${wait_ms} ms where the broker was away for ${outage_ms}`);
  }
}

async function databaseDown({ head, fault, figures }: Harm): Promise<void> {
  const before = head.journal.readings;
  await head.postgres.kill();
  try {
    await pause(30_000);
  } finally {
    await head.postgres.restart();
  }
  const journaled = head.journal.readings - before;
  figures["journaled without database"] = journaled;
  if (journaled === 0) fault("nothing was journaled while the database was down");
}

/** Reasons by the sequence in FRAMES of what lies in DEAD. */
async function deadFrames(head: HeadEnd): Promise<Map<number, string>> {
  const manager = await head.operator.manager();
  const { state } = await manager.streams.info("DEAD");
  const dead = new Map<number, string>();
  for (let seq = state.first_seq; seq <= state.last_seq && state.messages > 0; seq++) {
    const { subject, header } = await manager.streams.getMessage("DEAD", { seq });
    if (!subject.startsWith("samay.dead.FRAMES.")) continue;
    dead.set(Number(header.get("Samay-Sequence")), header.get("Samay-Reason"));
  }
  return dead;
}

/** Where each of `sent` ended, with a reason, once all have or the time is over. */
async function decided(
  head: HeadEnd,
  sent: LoadStatus["poison"],
): Promise<Map<number, "dead" | "rejected">> {
  const found = new Map<number, "dead" | "rejected">();
  const end_ms = performance.now() + DECIDED_MAX_MS;
  for (;;) {
    const dead = await deadFrames(head);
    for (const { sequence } of sent) {
      if (dead.get(sequence)) found.set(sequence, "dead");
      else if (head.journal.rejected.get(sequence)) found.set(sequence, "rejected");
    }
    if (found.size === sent.length || performance.now() > end_ms) return found;
    await pause(200);
  }
}

async function poison({ head, short, fault, figures, begin_ms }: Harm): Promise<void> {
  const known = (await head.load.say(`poison ${short ? 10 : 1_000}`)).poison.length;
  const enough = 12;
  let status: LoadStatus | undefined;
  await until("enough poison was sent", async () => {
    await pause(500);
    status = await head.load.say("status");
    return status.poison.length - known >= enough;
  }, 400_000);
  await head.load.say("poison 0");
  await pause(2 * REPLAY_AFTER_MS); // A replay comes after its original.
  const sent = (await head.load.say("status")).poison.slice(known);
  const whole = await decided(head, sent);
  for (const { sequence, kind } of sent) {
    if (!whole.has(sequence)) fault(`poison ${sequence} (${kind}) is neither in DEAD nor rejected`);
  }
  const places = [...whole.values()];
  const count = {
    rejected: places.filter((place) => place === "rejected").length,
    dead: places.filter((place) => place === "dead").length,
  };
  const stall_ms = head.journal.longestWait(begin_ms);
  Object.assign(figures, { poison: sent.length, ...count, "longest stall, ms": stall_ms });
  if (count.dead === 0 || count.rejected === 0) fault("not every kind of poison was there");
  if (stall_ms > limitOf(short, STALL_MAX_MS)) fault(`a shard stalled for ${stall_ms} ms`);
}

/** The server that leads `stream`, by its place in the world. */
async function leaderOf(head: HeadEnd, stream: string): Promise<number> {
  const manager = await head.operator.manager();
  const { cluster } = await manager.streams.info(stream);
  return [0, 1, 2].findIndex((index) => head.world.nodeName(index) === cluster?.leader);
}

async function killLeader({ head, fault, figures }: Harm): Promise<void> {
  const manager = await head.operator.manager();
  const { config, cluster } = await manager.streams.info("JOURNAL");
  figures.replicas = config.num_replicas;
  if (config.num_replicas !== 3 || cluster?.replicas?.length !== 2) {
    fault("JOURNAL is not kept three times");
  }
  const kills = 3;
  for (let i = 0; i < kills; i++) {
    const stream = i % 2 === 0 ? "JOURNAL" : "FRAMES";
    const leader = await leaderOf(head, stream);
    if (leader < 0) throw new Error(`Nobody leads ${stream}`);
    const before = head.journal.readings;
    await head.world.killBroker(leader);
    await until("two servers go on without the third", () => {
      return head.journal.readings - before > head.options.meters / 4;
    });
    await head.world.startBroker(leader);
    await until(`${stream} is whole again`, () => isWhole(head, stream));
  }
  figures.kills = kills;
}

async function isWhole(head: HeadEnd, stream: string): Promise<boolean> {
  try {
    const { cluster } = await (await head.operator.manager()).streams.info(stream);
    const others = cluster?.replicas ?? [];
    return others.length === 2 && others.every(({ current, offline }) => current && !offline);
  } catch {
    return false; // The operator's own server may be the one that was killed.
  }
}

export const toParts: readonly Scenario[] = [
  {
    name: "poison",
    title: "Poison frames among the good ones",
    inShort: true,
    run: poison,
  },
  { name: "kill-broker", title: "The broker is killed ten times", inShort: false, run: killBroker },
  {
    name: "database-down",
    title: "The database is down for 30 s",
    inShort: false,
    run: databaseDown,
  },
  {
    name: "kill-leader",
    title: "The leader of a cluster of three is killed",
    inShort: false,
    cluster: true,
    run: killLeader,
  },
];
