/** What a soak writes, and whether it fits. */
import { Failure } from "../../streams/terminal/command.ts";

/** A row of `raw_reading` with its indexes, rounded up from 199 of two million; each result says it. */
export const ROW_BYTES = 250;
/** A frame as the broker keeps it. */
const FRAME_BYTES = 200;
/** FRAMES is full before the warming up is over: what lies behind the cursors is read already. */
const FRAMES_SHARE = 0.08;
const FRAMES_BYTES = { min: 16 * 2 ** 20, max: 2 ** 30 };
/** PostgreSQL's log, which it uses again and again. */
export const WAL_BYTES_MAX = 2 * 2 ** 30;
/** The journal between two snapshots, snapshots, enrolments, boards, the program's own logs. */
const OTHER_BYTES = 4 * 2 ** 30;
const GB = 1e9;

/** What FRAMES may keep in a soak of so many readings. */
export function framesBytesMax(readings: number): number {
  const { min, max } = FRAMES_BYTES;
  return Math.round(Math.min(max, Math.max(min, readings * FRAMES_SHARE * FRAME_BYTES)));
}

/** Bytes that a soak of so many readings needs in its temporary folder. */
export function bytesNeeded(readings: number): number {
  return readings * ROW_BYTES + framesBytesMax(readings) + WAL_BYTES_MAX + OTHER_BYTES;
}

/** Throws `Failure` that says how much is missing. */
export function requireDisk(readings: number, free: number, folder: string): void {
  const needed = bytesNeeded(readings);
  if (free >= needed) return;
  const gb = (bytes: number) => (bytes / GB).toFixed(1);
  throw new Failure(
    `${readings} readings need ${gb(needed)} GB in ${folder}, and ${gb(free)} GB are free: make ` +
      "room, set TMPDIR to another disk, or take fewer --minutes or a lower --rate",
  );
}

/** Bytes free where `folder` lies. */
export async function freeBytes(folder: string): Promise<number> {
  const { stdout, success } = await new Deno.Command("df", { args: ["-Pk", folder] }).output();
  const blocks = Number(
    new TextDecoder().decode(stdout).trim().split("\n").at(-1)?.split(/\s+/)[3],
  );
  if (!success || !Number.isFinite(blocks)) {
    throw new Failure(`df cannot say what is free in ${folder}`);
  }
  return blocks * 1_024;
}

/** Bytes that lie in `folder`; 0 when it is gone. */
export async function usedBytes(folder: string): Promise<number> {
  const { stdout } = await new Deno.Command("du", { args: ["-sk", folder], stderr: "null" })
    .output();
  return Number(new TextDecoder().decode(stdout).split(/\s/)[0]) * 1_024;
}
