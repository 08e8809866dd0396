/** What kind of failure a query met, on either driver: both carry the SQLSTATE as `code`. */
import { TerminalError } from "../../protocol/errors.ts";

/** The five-character SQLSTATE of `error` (PostgreSQL manual, appendix A), or undefined. */
export function sqlState(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/**
 * Whether the data itself was refused (class 22, data exception; class 23, integrity constraint):
 * the same rows will be refused again, while the database is well.
 */
export function isDataFault(error: unknown): boolean {
  return /^2[23]/.test(sqlState(error) ?? "");
}

/**
 * Whether the same statements may well succeed another time: the connection went (class 08), the
 * server gave one of two transactions up (40), has no room (53), was interrupted or shuts down (57), or
 * could not read its disk (58).
 */
export function isPassing(error: unknown): boolean {
  return /^(08|40|53|55|57|58)/.test(sqlState(error) ?? "");
}

/**
 * Whether `error` will come again for the same rows, so that nobody should wait behind them: the
 * database refuses them, or the program cannot make sense of them.
 */
export function isLasting(error: unknown): boolean {
  if (sqlState(error) !== undefined) return !isPassing(error);
  return error instanceof TerminalError || error instanceof RangeError ||
    error instanceof TypeError;
}

/** Whether a unique constraint or index refused a row; `name` narrows it to one of them. */
export function isUniqueViolation(error: unknown, name?: string): boolean {
  if (sqlState(error) !== "23505") return false;
  return name === undefined || (error as { constraint?: unknown }).constraint === name;
}
