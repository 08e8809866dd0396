/** Waits for what another part of the program brings about. */

/** Tries `check` until it passes; throws its last failure after `timeout_ms`. */
export async function eventually(
  check: () => void | Promise<void>,
  timeout_ms = 10_000,
): Promise<void> {
  const deadline_ms = performance.now() + timeout_ms;
  while (true) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > deadline_ms) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
