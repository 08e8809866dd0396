/** The bench's figures as a table for people. */
import type { BenchResult } from "./main.ts";
import type { Profiled } from "./profile.ts";
import type { RunResult } from "./runs.ts";

const whole = (value: number) => Math.round(value).toLocaleString("en-IN");
const one = (value: number) => value.toFixed(1);

export function printResult(result: BenchResult): void {
  const { machine, goal_a_second } = result;
  console.log(
    `${machine.cores} cores, ${machine.cpu}, ${machine.memory_gb} GB; ${machine.software}`,
  );
  for (const run of result.backlog) {
    printRun(`backlog, ${run.masters} master(s)`, run);
    console.log(
      `  of the goal of ${whole(goal_a_second)}: ${one(run.figures.a_second / goal_a_second)} x`,
    );
  }
  if (result.embedded) {
    const { rows, seconds, a_second, usage } = result.embedded;
    const cores = Object.entries(usage).map(([name, { cpu_s }]) => `${name} ${one(cpu_s)} s`);
    console.log(
      `one process, embedded database: ${whole(a_second)} readings a second over ${
        one(seconds)
      } s ` +
        `(${whole(rows)} rows; processor time ${cores.join(", ")})`,
    );
  }
  if (result.live) {
    printRun(
      `live at ${whole(result.rate)} a second, ${result.live.masters} master(s)`,
      result.live,
    );
    const { lag_p50_ms, lag_p99_ms, lag_max_ms } = result.live.figures;
    console.log(
      `  arrival to row: p50 ${whole(lag_p50_ms)} ms, p99 ${whole(lag_p99_ms)} ms, ` +
        `longest ${
          whole(lag_max_ms)
        } ms; the fleet was at most ${result.live.fleet?.late_ms_max} ms late`,
    );
  }
  if (result.parts) {
    console.log("each part alone");
    const best = Math.max(...result.backlog.map((run) => run.figures.a_second));
    for (const [name, { a_second, us_a_reading }] of Object.entries(result.parts)) {
      const work = Object.entries(us_a_reading).filter(([, us]) => us > 0.05)
        .map(([who, us]) => `${who} ${one(us)}`).join(", ");
      console.log(
        `  ${name.padEnd(10)} ${whole(a_second).padStart(9)} a second ` +
          `(us a reading: ${work}); the whole reaches ${one(100 * best / a_second)} % of it`,
      );
    }
  }
  if (result.subjects) {
    const { subjects, publish_a_second, consume_a_second, rss_mb, disk_mb } = result.subjects;
    console.log(
      `broker with ${whole(subjects)} subjects: publish ${whole(publish_a_second)}, consume ${
        whole(consume_a_second)
      } a second, ${whole(rss_mb)} MB of memory, ${whole(disk_mb)} MB on disk`,
    );
  }
}

function printRun(title: string, run: RunResult): void {
  const { figures, usage, wall_s } = run;
  console.log(
    `${title}: ${whole(figures.a_second)} readings a second over ${one(figures.seconds)} s ` +
      `(${whole(figures.rows)} rows; middle second ${whole(figures.second_p50)}, slow tenth ${
        whole(figures.second_p10)
      }; ${one(run.readings_a_record)} readings a record${
        run.complete ? "" : "; not all frames done"
      })`,
  );
  for (const [name, { cpu_s, rss_mb, us_a_reading }] of Object.entries(usage)) {
    console.log(
      `  ${name.padEnd(12)} ${one(us_a_reading).padStart(6)} us a reading, ` +
        `${one(100 * cpu_s / wall_s).padStart(5)} % of a core, ${whole(rss_mb).padStart(6)} MB`,
    );
  }
  for (const [name, profile] of Object.entries(run.profiles ?? {})) printProfile(name, profile);
}

function printProfile(name: string, { self, total }: Profiled): void {
  console.log(`  time of ${name}, self | with all that is called`);
  for (let i = 0; i < Math.min(40, self.length); i++) {
    const [a, b] = [self[i]!, total[i]!];
    console.log(
      `    ${one(100 * a.share).padStart(5)} % ${a.name.padEnd(60)} ${
        one(100 * b.share).padStart(5)
      } % ${b.name}`,
    );
  }
}
