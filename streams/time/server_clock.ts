/** How this machine's own clock is described to those who ask it for the time. */
import { LOCAL_REFERENCE_ID, type ServerClock } from "../../protocol/ntp/respond.ts";

/**
 * The system's clock as a source of stratum `stratum`. The runtime cannot ask the kernel how well the
 * clock is disciplined, so the stratum is modest and the dispersion states 10 ms.
 */
export function localServerClock(now_ns: () => bigint, stratum = 10): () => ServerClock {
  return () => ({
    leap: 0,
    stratum,
    referenceId: LOCAL_REFERENCE_ID,
    // The clock is always as good as it was a second ago.
    reference_ns: now_ns() - 1_000_000_000n,
    rootDelay_s: 0,
    rootDispersion_s: 0.01,
    precision: -20,
  });
}
