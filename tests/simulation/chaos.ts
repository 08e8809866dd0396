/** The faults of a world, drawn from its seed: which, when, how long. */
import { subjects } from "../../protocol/subjects.ts";
import type { Moment } from "./process.ts";
import { METERS, SLAVES } from "./meters.ts";
import type { Random } from "./random.ts";
import type { Role } from "./role.ts";
import type { World } from "./world.ts";

/** Faults follow each other after one of these on average: a quiet world shows what a wild one hides. */
const GAPS_MS = [1_500, 3_000, 6_000, 12_000];
/** Longest time of a write while the disk is well. */
export const DISK_MS = 1;
/** Longest wait for the call at which a process is to die. */
const CALLS_MAX = 60;
const MOMENTS: readonly Moment[] = ["before", "sent", "answered"];

type Fault = (world: World, random: Random) => void;

/** Runs `undo` after a while, and at the latest when the faults end. */
function forAWhile(world: World, duration_ms: number, undo: () => void): void {
  const left_ms = Math.max(0, world.faultsEnd_ms - world.schedule.now_ms);
  world.schedule.after(Math.min(duration_ms, left_ms), undo);
}

const anyOf = (world: World, random: Random): Role =>
  random.pick(
    random.chance(0.6) ? world.masters : [...world.ledgers, ...world.slaves, ...world.closers],
  );

const crash: Fault = (world, random) => {
  const role = anyOf(world, random);
  role.kill();
  forAWhile(world, random.between(100, 9_000), () => role.start());
};

/** Dies at one of its next calls, wherever that is: between any two steps of what it does. */
const dieAtSomeCall: Fault = (world, random) => {
  const role = anyOf(world, random);
  const { process } = role;
  process?.atCall(1 + random.below(CALLS_MAX), random.pick(MOMENTS), () => process.kill());
  forAWhile(world, random.between(4_000, 15_000), () => role.start());
};

/** Stands still between two steps of what it does, and goes on later as if nothing had been. */
const pauseAtSomeCall: Fault = (world, random) => {
  const { process } = anyOf(world, random);
  if (process === undefined) return;
  const duration_ms = random.between(200, 12_000);
  process.atCall(1 + random.below(CALLS_MAX), random.pick(MOMENTS), () => {
    world.say(process.name, "is stopped in the middle of a call (SIGSTOP)");
    process.pause();
    forAWhile(world, duration_ms, () => process.resume());
  });
};

/** The whole process stands still, often for longer than its lease. */
const pause: Fault = (world, random) => {
  const { process } = anyOf(world, random);
  if (process === undefined) return;
  world.say(process.name, "is stopped (SIGSTOP)");
  process.pause();
  forAWhile(world, random.between(200, 12_000), () => {
    world.say(process.name, "is continued (SIGCONT)");
    process.resume();
  });
};

const cut: Fault = (world, random) => {
  const { link, process } = anyOf(world, random);
  if (link === undefined || process === undefined) return;
  world.say(process.name, "is cut off from the broker");
  link.cut(random.between(100, 6_000));
  forAWhile(world, random.between(200, 14_000), () => {
    world.say(process.name, "reaches the broker again");
    link.mend();
  });
};

const brokerCrash: Fault = (world, random) => {
  if (!world.broker.up) return;
  world.say("broker", "dies");
  world.broker.crash();
  forAWhile(world, random.between(100, 7_000), () => {
    world.say("broker", "is back; what was acknowledged stands, consumers are forgotten");
    world.broker.restart();
  });
};

const databaseCrash: Fault = (world, random) => {
  if (!world.database.up) return;
  world.say("database", "dies");
  world.database.crash();
  forAWhile(world, random.between(100, 6_000), () => {
    world.say("database", "is back");
    world.database.restart();
  });
};

const slowDisk: Fault = (world, random) => {
  const server = random.pick([world.broker, world.database]);
  server.disk_ms = random.between(50, 2_500);
  world.say("disk", `takes up to ${Math.round(server.disk_ms)} ms for a write`);
  forAWhile(world, random.between(500, 6_000), () => server.disk_ms = DISK_MS);
};

/** A master is told to stop, hands over, and comes back later: a rolling restart. */
const leave: Fault = (world, random) => {
  const role = random.pick(world.masters);
  role.leave();
  forAWhile(world, random.between(1_000, 9_000), () => role.start());
};

/** Somebody with access to the broker writes what no slave ever would. */
const junk: Fault = (world, random) => {
  if (!world.broker.up) return;
  const bytes = new Uint8Array(random.below(90)).map(() => random.below(256));
  const subject = random.pick([
    subjects.frame(random.pick(METERS)),
    subjects.session(random.pick(SLAVES)),
    // A meter under another meter's partition.
    subjects.frame(METERS[0]!).replace(METERS[0]!, METERS.at(-1)!),
  ]);
  world.say("stranger", `publishes ${bytes.length} bytes to ${subject}`);
  world.broker.publish(subject, bytes);
};

const FAULTS: readonly Fault[] = [
  ...[crash, crash, dieAtSomeCall, dieAtSomeCall, dieAtSomeCall, pause, pause, cut, cut],
  ...[pauseAtSomeCall, pauseAtSomeCall, pauseAtSomeCall],
  ...[brokerCrash, databaseCrash, slowDisk, leave, leave, junk],
];

/** Lets faults happen until the world's calm begins. */
export function startChaos(world: World): void {
  const random = world.dice("chaos");
  const mean_ms = random.pick(GAPS_MS);
  const next = () => {
    const gap_ms = -Math.log(1 - random.next()) * mean_ms;
    if (world.schedule.now_ms + gap_ms >= world.faultsEnd_ms) return;
    world.schedule.after(gap_ms, () => {
      random.pick(FAULTS)(world, random);
      next();
    });
  };
  next();
}
