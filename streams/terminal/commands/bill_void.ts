/** `samay bill void`: voids an issued bill, with a reason. */
import type { Voided } from "../../billing/void.ts";
import { type Command, UsageError } from "../command.ts";

const REASON_LENGTH_MAX = 200;

export const command: Command = {
  name: "bill void",
  summary: "Voids an issued bill, with a reason",
  positionals: { usage: "NUMBER", min: 1, max: 1 },
  options: {
    reason: { type: "string", placeholder: "TEXT", help: "Why: kept with the bill" },
    json: { type: "boolean", help: "One JSON document" },
  },
  help:
    `An issued bill is never changed. It stays with its number as void, and its month can be billed
anew, by a bill that names this one. A bill on which a later one builds is voided after that one.
Where a bill is to take its place at once: samay bill regenerate does both, or neither.

  samay bill void MH/2026-27/000001 --reason "meter was read wrongly"
  samay bill run --period 2026-04 --account A1`,
  async run({ values, positionals }) {
    const reason = typeof values.reason === "string" ? values.reason.trim() : "";
    if (reason === "" || reason.length > REASON_LENGTH_MAX) {
      throw new UsageError(
        `Say why, in at most ${REASON_LENGTH_MAX} characters: --reason "meter was read wrongly"`,
      );
    }
    const { askAsOperator } = await import("../../office/operator.ts");
    const actor = Deno.env.get("USER")?.slice(0, 64) || "operator";
    const input = { bill: positionals[0], reason, actor };
    const voided = await askAsOperator("bill-void", input) as Voided;
    console.log(
      values.json === true
        ? JSON.stringify(voided)
        : `Bill ${voided.number} is void; bill anew: samay bill run --period ${voided.period} ` +
          `--account ${voided.account_id} (next time in one step: samay bill regenerate)`,
    );
    return 0;
  },
};
