/** Masters that die, that stand still, that lose their line, that are restarted in turn. */
import { LEASE_MS } from "../../streams/masters/partition_holder.ts";
import { type HeadEnd, type MasterName, MASTERS } from "./head_end.ts";
import { type Harm, limitOf, type Scenario } from "./scenario.ts";
import { pause, until } from "./world.ts";

/** What a takeover may take beyond the lease. */
const TAKEOVER_MARGIN_MS = 2_000;
const GAP_MAX_MS = 1_000;

/** Partitions that a master by this name had, by the journal; and its instance. */
export function heldBy(head: HeadEnd, name: MasterName): { instance: string; held: Set<number> } {
  const held = new Set<number>();
  let instance = "";
  for (const [partition, owner] of head.journal.owners()) {
    if (!owner.startsWith(`${name}-`)) continue;
    instance = owner;
    held.add(partition);
  }
  return { instance, held };
}

/** Always the same order of victims. */
function* victims(): Generator<MasterName> {
  for (let seed = 7;; seed = (seed * 1_103_515_245 + 12_345) & 0x7fffffff) {
    yield MASTERS[(seed >> 16) % MASTERS.length]!;
  }
}

/** How often `text` stands in the log of the master by this name. */
export async function linesOf(head: HeadEnd, name: MasterName, text: string): Promise<number> {
  return (await head.masters.get(name)!.log()).split(text).length - 1;
}

async function takeover({ head, short, fault, figures }: Harm): Promise<void> {
  const took: number[] = [];
  const waits: number[] = [];
  for (const name of short ? MASTERS.slice(0, 1) : MASTERS) {
    await head.untilBalanced();
    const { instance, held } = heldBy(head, name);
    await head.masters.get(name)!.kill();
    const killed_ms = Date.now();
    head.masters.delete(name);
    const found = () => head.journal.takeovers(instance, held, killed_ms);
    await until("others take over", () => found().size === held.size, 4 * LEASE_MS);
    took.push(...found().values());
    await pause(500); // The frames that waited come with the first batches.
    waits.push(head.journal.longestWait(killed_ms));
    await head.startMaster(name);
  }
  took.sort((a, b) => a - b);
  const longest_ms = took.at(-1)!;
  figures["takeovers"] = took.length;
  figures["takeover median, ms"] = took[took.length >> 1]!;
  figures["takeover longest, ms"] = longest_ms;
  figures["frame waited at most, ms"] = Math.max(...waits);
  const limit_ms = LEASE_MS + limitOf(short, TAKEOVER_MARGIN_MS);
  if (longest_ms > limit_ms) fault(`a takeover took ${longest_ms} ms, more than ${limit_ms}`);
  await head.untilBalanced();
}

async function killMasters({ head, short, figures, begin_ms }: Harm): Promise<void> {
  const victim = victims();
  const kills = short ? 3 : 60;
  for (let i = 0; i < kills; i++) {
    const name = victim.next().value!;
    await head.masters.get(name)!.kill();
    await head.startMaster(name);
    await pause(3_000);
  }
  figures.kills = kills;
  figures.moves = [...head.journal.movesSince(begin_ms).values()].reduce((sum, n) => sum + n, 0);
}

/**
 * Whether an append is tried, and refused, before the leases are seen to be another's, is a race that
 * may end either way: `usurper` is where the fence alone must hold.
 */
async function standStill({ head, fault, figures }: Harm): Promise<void> {
  const name = "beta";
  const words = ["fenced off", "partition dropped"];
  const counts = () => Promise.all(words.map((text) => linesOf(head, name, text)));
  const before = await counts();
  const { instance, held } = heldBy(head, name);
  const { pid } = head.masters.get(name)!;
  const stopped_ms = Date.now();
  const taken = () => head.journal.takeovers(instance, held, stopped_ms).size;
  Deno.kill(pid, "SIGSTOP");
  try {
    await pause(3 * LEASE_MS);
    figures["partitions held"] = held.size;
    figures["taken over meanwhile"] = taken();
    if (taken() !== held.size) fault("some partitions had no owner");
  } finally {
    Deno.kill(pid, "SIGCONT");
  }
  await until("it lets go of all that others have", async () => {
    const [, dropped] = await counts();
    return dropped! - before[1]! >= held.size;
  });
  await head.untilBalanced();
  const after = await counts();
  figures["appends refused"] = after[0]! - before[0]!;
}

async function cutLine({ head, fault, figures }: Harm): Promise<void> {
  const name = "gamma";
  const words = ["fenced off", "partition dropped"];
  const counts = () => Promise.all(words.map((text) => linesOf(head, name, text)));
  const before = await counts();
  const { instance, held } = heldBy(head, name);
  const cut_ms = Date.now();
  head.proxy!.cut();
  try {
    await pause(20_000);
  } finally {
    head.proxy!.mend();
  }
  figures["partitions held"] = held.size;
  figures["taken over meanwhile"] = head.journal.takeovers(instance, held, cut_ms).size;
  if (figures["taken over meanwhile"] !== held.size) fault("some partitions had no owner");
  await head.untilBalanced();
  const after = await counts();
  figures["appends refused"] = after[0]! - before[0]!;
  figures["partitions dropped"] = after[1]! - before[1]!;
}

async function rollingRestart({ head, short, fault, figures, begin_ms }: Harm): Promise<void> {
  let most = 0;
  let moves = 0;
  const gaps = { left: 0, joined: 0 };
  const count = (from_ms: number, what: string, may: ReadonlySet<number> | undefined) => {
    for (const [partition, times] of head.journal.movesSince(from_ms)) {
      most = Math.max(most, times);
      moves += times;
      if (times > 1) fault(`partition ${partition} moved ${times} times when a master ${what}`);
      if (may?.has(partition) === false) fault(`partition ${partition} moved between the others`);
    }
  };
  for (const name of MASTERS) {
    const { held } = heldBy(head, name);
    const left_ms = Date.now();
    const code = await head.masters.get(name)!.stop();
    if (code !== 0) fault(`${name} ended with exit code ${code}`);
    head.masters.delete(name);
    await head.untilBalanced();
    count(left_ms, "left", held);
    const joined_ms = Date.now();
    gaps.left = Math.max(gaps.left, head.journal.longestWait(left_ms));
    await head.startMaster(name);
    await head.untilBalanced();
    count(joined_ms, "joined", undefined);
    gaps.joined = Math.max(gaps.joined, head.journal.longestWait(joined_ms));
  }
  const gap_ms = head.journal.longestWait(begin_ms);
  figures["gap when one leaves, ms"] = gaps.left;
  figures["gap when one joins, ms"] = gaps.joined;
  figures["restarts"] = MASTERS.length;
  figures["moves"] = moves;
  figures["moves of a partition at each change, most"] = most;
  figures["longest gap, ms"] = gap_ms;
  const limit_ms = limitOf(short, GAP_MAX_MS);
  if (gap_ms > limit_ms) fault(`a frame waited ${gap_ms} ms, more than ${limit_ms}`);
}

export const toMasters: readonly Scenario[] = [
  {
    name: "takeover",
    title: "A master is killed; the others take over",
    inShort: true,
    run: takeover,
  },
  {
    name: "kill-masters",
    title: "A random master is killed every 3 s",
    inShort: true,
    run: killMasters,
  },
  {
    name: "stand-still",
    title: "A master stands still for three leases and goes on",
    inShort: true,
    run: standStill,
  },
  {
    name: "cut-line",
    title: "A master's line is cut for 20 s",
    inShort: false,
    run: cutLine,
  },
  {
    name: "rolling-restart",
    title: "Each master is restarted in turn",
    inShort: false,
    run: rollingRestart,
  },
];
