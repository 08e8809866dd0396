/**
 * The only places where a fraction of a paisa, of a unit or of a month is decided. Everything is
 * integer: no amount of money ever passes through a floating-point division.
 */

/**
 * `numerator / denominator` to the nearest integer, a half upward (toward plus infinity).
 *
 * Exact for all safe integers: the division is done on `bigint`. Throws `RangeError` when an
 * argument or the result is no safe integer, or the denominator is not positive.
 */
export function divideHalfUp(numerator: number | bigint, denominator: number | bigint): number {
  const over = BigInt(denominator);
  if (over <= 0n) throw new RangeError(`The denominator must be positive, not ${denominator}`);
  const doubled = 2n * BigInt(numerator) + over;
  const by = 2n * over;
  // bigint division truncates toward zero; a floor is needed below zero.
  const floor = doubled >= 0n ? doubled / by : -((-doubled + by - 1n) / by);
  const result = Number(floor);
  if (!Number.isSafeInteger(result)) throw new RangeError("The result is beyond exact integers");
  return result;
}

/** Paise of `units` at `rate` (1/10,000 rupee a unit, so 1/100 paisa), rounded once, half up. */
export function amountOf(units: number, rate: number): number {
  return divideHalfUp(BigInt(units) * BigInt(rate), 100);
}

/** `paise` to a multiple of `step_paise`: the nearest, a half upward, or always up or down. */
export function roundTo(
  paise: number,
  step_paise: number,
  way: "nearest" | "up" | "down" = "nearest",
): number {
  if (way === "nearest") return divideHalfUp(paise, step_paise) * step_paise;
  const over = ((paise % step_paise) + step_paise) % step_paise;
  return paise - over + (way === "up" && over > 0 ? step_paise : 0);
}

/** Paise as rupees for a message: -12345 is `-123.45`. */
export function rupeesOf(paise: number): string {
  const absolute = Math.abs(paise);
  const rest = String(absolute % 100).padStart(2, "0");
  return `${paise < 0 ? "-" : ""}${Math.floor(absolute / 100)}.${rest}`;
}
