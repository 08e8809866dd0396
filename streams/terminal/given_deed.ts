/** Who does something and why, as a person typed it: kept in the audit trail. */
import { UsageError } from "./command.ts";

const REASON_LENGTH_MAX = 200;
const ACTOR_LENGTH_MAX = 64;

/** The value of `--reason` and the user's name. Throws `UsageError` without a reason. */
export function givenDeed(value: unknown): { readonly reason: string; readonly actor: string } {
  const reason = typeof value === "string" ? value.trim() : "";
  if (reason === "" || reason.length > REASON_LENGTH_MAX) {
    throw new UsageError(
      `Say why, in at most ${REASON_LENGTH_MAX} characters: --reason "the address was mended"`,
    );
  }
  return { reason, actor: Deno.env.get("USER")?.slice(0, ACTOR_LENGTH_MAX) || "operator" };
}

/** The number of a notice. Throws `UsageError` where it is none. */
export function givenNotice(text: string | undefined): number {
  if (text !== undefined && /^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new UsageError(`A notice has a number, as samay notice list shows it, not "${text}"`);
}
