/** The option `--period` of the commands about bills. */
import { period } from "../../protocol/messages/billing.ts";
import { UsageError } from "../terminal/command.ts";

/** The month as given, or undefined. Throws `UsageError` for anything but YYYY-MM. */
export function checkPeriodOption(given: unknown): string | undefined {
  if (given === undefined) return undefined;
  const result = period.safeParse(given);
  if (result.success) return result.data;
  throw new UsageError(
    `--period "${String(given).slice(0, 24)}": a month as YYYY-MM, like --period 2026-04`,
  );
}
