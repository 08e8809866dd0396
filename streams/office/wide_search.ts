/**
 * The search beyond the window, for a frame that did not open: a day to either side of its arrival,
 * outward in steps, in slices, so that the office goes on answering meanwhile.
 */
import { RetryableError } from "../../protocol/errors.ts";
import type { ParsedFrame } from "../../protocol/tves/frame.ts";
import { openFrame, type OpenResult, type SecondKeys } from "../../protocol/tves/open.ts";
import { WINDOW_MAX_S } from "../../protocol/tves/window.ts";

/** Seconds of one step: long, since near seconds share the key of their hour. */
const STEP_S = 600;
/** Candidates between two looks at the clock. */
const GRAIN = 20;
/** How long the search keeps the process for itself. */
const SLICE_MS = 10;

export interface WideSearch {
  readonly frame: ParsedFrame;
  readonly keys: SecondKeys;
  readonly arrival_s: number;
  /** To either side, at most `WINDOW_MAX_S`. */
  readonly wide_s: number;
  /** Seconds that were tried already. */
  readonly tried: ReadonlySet<number>;
}

/** One at a time in a process: each keeps a core busy for seconds. */
let searching = false;

/**
 * As `openFrame`, over all seconds within `wide_s` of the arrival that were not tried yet: at most
 * 172,801. Throws `RetryableError` while another search runs.
 */
export async function searchWide(search: WideSearch): Promise<OpenResult> {
  if (searching) {
    throw new RetryableError("Another frame is being searched for: ask again in half a minute");
  }
  searching = true;
  try {
    return await search_(search);
  } finally {
    searching = false;
  }
}

async function search_(search: WideSearch): Promise<OpenResult> {
  const { frame, keys } = search;
  const left = outward(search);
  let trials = 0;
  for (;;) {
    const end_ms = performance.now() + SLICE_MS;
    do {
      const grain = take(left, GRAIN);
      if (grain.length === 0) return { opened: false, reason: "no_key_in_window", trials };
      const result = openFrame(frame, keys, grain);
      trials += result.trials;
      if (result.opened || result.reason === "tag_mismatch") return { ...result, trials };
    } while (performance.now() < end_ms);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** Earlier and later steps in turn: nearest step first, in each the seconds in order of time. */
function* outward({ frame, arrival_s, wide_s, tried }: WideSearch): Generator<number, void> {
  const centre = Math.floor(arrival_s);
  const most = Math.min(Math.floor(wide_s), WINDOW_MAX_S);
  for (let near = 0; near <= most; near += STEP_S) {
    const far = Math.min(near + STEP_S - 1, most);
    for (const [from, to] of [[centre - far, centre - near], [centre + near, centre + far]]) {
      for (let t_s = Math.max(0, from!); t_s <= to!; t_s++) {
        const again = tried.has(t_s) || (t_s === centre && from === centre);
        if (!again && (frame.hint === undefined || t_s % 256 === frame.hint)) yield t_s;
      }
    }
  }
}

function take(from: Generator<number, void>, count: number): number[] {
  const taken: number[] = [];
  while (taken.length < count) {
    const next = from.next();
    if (next.done === true) break;
    taken.push(next.value);
  }
  return taken;
}
