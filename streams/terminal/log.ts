/**
 * The log: one line an occurrence, on stderr, as text for people or as JSON for collectors
 * (`SAMAY_LOG=json`). Keys, packs and passwords never go in; identifiers and reasons do.
 */

export type LogLevel = "info" | "warn" | "error";
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

type Writer = (line: string) => void;

const toStderr: Writer = (line) => console.error(line);

/** A log for one part of the program; `part` is named in each line. */
export function createLog(
  part: string,
  write: Writer = toStderr,
  json = Deno.env.get("SAMAY_LOG") === "json",
): Log {
  const say = (level: LogLevel, message: string, fields: LogFields = {}) => {
    const at = new Date().toISOString();
    if (json) return write(JSON.stringify({ at, level, part, message, ...fields }));
    const rest = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => ` ${key}=${value}`)
      .join("");
    write(`${at} ${level.padEnd(5)} ${part}: ${message}${rest}`);
  };
  return {
    info: (message, fields) => say("info", message, fields),
    warn: (message, fields) => say("warn", message, fields),
    error: (message, fields) => say("error", message, fields),
  };
}

/** A log that says nothing, for tests that look elsewhere. */
export const silentLog: Log = { info() {}, warn() {}, error() {} };
