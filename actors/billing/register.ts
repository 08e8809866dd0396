/** Whole units between two readings of one register. */
const FACTOR_SCALE = 1_000_000;

/**
 * Whole kWh between two registers: each is cut to whole units first, so that what is cut off today
 * is billed with the next reading, and no fraction is ever lost or billed twice.
 */
export function unitsOf(
  opening_wh: number,
  closing_wh: number,
  multiplying_factor: number,
): number {
  return energyOf(closing_wh, multiplying_factor) - energyOf(opening_wh, multiplying_factor);
}

/** A factor may have decimals (a ratio of 7.5): the product is cut too, each reading by itself. */
function energyOf(register_wh: number, multiplying_factor: number): number {
  const whole = BigInt(Math.floor(register_wh / 1000));
  const factor = BigInt(Math.round(multiplying_factor * FACTOR_SCALE));
  return Number(whole * factor / BigInt(FACTOR_SCALE));
}
