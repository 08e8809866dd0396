/** The longest time for which nothing else in this process had a turn. */
export function watchTurns(): () => number {
  let last_ms = performance.now();
  let longest_ms = 0;
  const timer = setInterval(() => {
    const now_ms = performance.now();
    longest_ms = Math.max(longest_ms, now_ms - last_ms);
    last_ms = now_ms;
  }, 1);
  return () => {
    clearInterval(timer);
    return longest_ms;
  };
}
