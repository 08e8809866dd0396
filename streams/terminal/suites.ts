/** The cipher suites of TVES/2 by their names. */
const NAMES: Readonly<Record<number, string>> = {
  1: "AES-256-GCM",
  2: "AES-256-GCM-SIV",
  3: "ChaCha20-Poly1305",
};

/** For example `AES-256-GCM (suite 1)`. */
export function suiteName(suite: number): string {
  return `${NAMES[suite] ?? "unknown"} (suite ${suite})`;
}
