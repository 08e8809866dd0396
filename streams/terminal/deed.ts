/** Options of commands that change something: why, and by whom; and readings that were noted. */
import { UsageError } from "./command.ts";

const REASON_LENGTH_MAX = 200;
const WH_PER_KWH = 1_000;

/** What `--reason` says, and the name of who runs the command. Throws `UsageError` without one. */
export function deedOf(values: Readonly<Record<string, unknown>>): {
  reason: string;
  actor: string;
} {
  const reason = typeof values.reason === "string" ? values.reason.trim() : "";
  if (reason === "" || reason.length > REASON_LENGTH_MAX) {
    throw new UsageError(`Say why, in at most ${REASON_LENGTH_MAX} characters: --reason "..."`);
  }
  return { reason, actor: Deno.env.get("USER")?.slice(0, 64) || "operator" };
}

/** `--name` in kWh, up to three decimals, as watt-hours; undefined where it is not given. */
export function kwhOption(
  values: Readonly<Record<string, unknown>>,
  name: string,
): number | undefined {
  const value = values[name];
  if (value === undefined) return undefined;
  if (/^\d{1,9}(\.\d{1,3})?$/.test(String(value))) return Math.round(Number(value) * WH_PER_KWH);
  throw new UsageError(
    `--${name} is kWh with at most 3 decimals, such as 1234.567, not "${
      String(value).slice(0, 24)
    }"`,
  );
}

/** `--at`: a day in India, or a moment with its offset; undefined where it is not given. */
export function momentOption(value: unknown): string | undefined {
  if (value === undefined) return undefined;
  const text = String(value);
  const form = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?(Z|[+-]\d\d:\d\d))?$/;
  if (form.test(text) && Number.isFinite(Date.parse(text))) {
    return /T\d\d:\d\d(Z|[+-])/.test(text) ? text.replace(/(T\d\d:\d\d)/, "$1:00") : text;
  }
  throw new UsageError(
    `--at is a day such as 2026-04-20 or a moment such as 2026-04-20T11:30+05:30, not "${
      text.slice(0, 32)
    }"`,
  );
}
