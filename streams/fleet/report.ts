/** What a run of the fleet gave, for people. */
import type { FleetResult } from "./run.ts";

const whole = (value: number) => Math.round(value).toLocaleString("en-IN");

/** One line a figure. */
export function describeFleet(result: FleetResult): string {
  const { ack_ms, confirm_ms, confirmed, late_ms_max, refused } = result;
  const rows: (readonly [string, string])[] = [
    ["meters", whole(result.meters)],
    ["sealed", `${whole(result.sealed)} frames in ${result.seconds.toFixed(1)} s`],
    [
      "acknowledged",
      `${whole(result.acknowledged)}, ${whole(result.acknowledged_a_second)} a second; ` +
      `${whole(result.acknowledged_a_second_a_core)} a second a core of this process`,
    ],
    ["publish to acknowledgement", durations(ack_ms)],
  ];
  if (confirmed !== null) rows.push(["confirmed by a master", whole(confirmed)]);
  if (confirm_ms !== null) rows.push(["publish to confirmation", durations(confirm_ms)]);
  if (late_ms_max !== null) rows.push(["behind its moment at most", `${whole(late_ms_max)} ms`]);
  const reasons = Object.entries(refused).map(([reason, count]) => `${reason} ${whole(count)}`);
  rows.push(["refused", reasons.join(", ") || "none"]);
  return rows.map(([name, value]) => `${name.padEnd(28)}${value}`).join("\n");
}

function durations({ p50, p99 }: { readonly p50: number | null; readonly p99: number | null }) {
  return p50 === null ? "none came" : `half within ${p50} ms, 99 % within ${p99} ms`;
}

/** What is wrong with the run, in one line; undefined when all went well. */
export function faultOf(result: FleetResult): string | undefined {
  const { sealed, acknowledged, confirmed, refused, interrupted } = result;
  const refusals = Object.values(refused).reduce((sum, count) => sum + count, 0);
  if (interrupted) return "stopped before its end";
  if (acknowledged < sealed) return `${sealed - acknowledged} frames were not acknowledged`;
  if (refusals > 0) return `${refusals} frames were refused: samay frame explain says why`;
  if (confirmed !== null && confirmed < acknowledged) {
    return `${
      acknowledged - confirmed
    } readings were not confirmed in time: is the load more than ` +
      "the masters can open? samay masters shows what waits; --wait gives them longer";
  }
  return undefined;
}
