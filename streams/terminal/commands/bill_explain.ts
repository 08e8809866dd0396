/** `samay bill explain`: how a bill came about. */
import type { ExplainedBill } from "../../office/bill_show.ts";
import type { Command } from "../command.ts";
import { terminalWidth } from "../table.ts";

/** Opening frames again may wait for the processor. */
const TIMEOUT_MS = 60_000;

export const command: Command = {
  name: "bill explain",
  summary: "Says how a bill came about: readings, frames, checks, slabs, rates",
  positionals: { usage: "NUMBER", min: 1, max: 1 },
  options: {
    verify: { type: "boolean", help: "Open the frames of its readings again, and compare" },
    json: { type: "boolean", help: "One JSON document; amounts in paise" },
  },
  help:
    `Each line back to the order it stands on and to what it is computed from; the units back to the
readings; each reading back to its sealed frame, to what its meter's clock was off then, and to the
checks that it passed. The bill is computed once more from its kept inputs. With --verify the frames
are opened again as a master opens them, while FRAMES has them (35 days): each must say what was
billed. Exit code 1 where anything is not the same.

  samay bill explain MH/2026-27/000001 --verify`,
  async run({ values, positionals }) {
    const { askAsOperator } = await import("../../office/operator.ts");
    const { explanationText } = await import("../../billing/explain_text.ts");
    const verify = values.verify === true;
    const asked = { bill: positionals[0], verify };
    const explained = await askAsOperator("bill-explain", asked, TIMEOUT_MS) as ExplainedBill;
    const { frames } = explained;
    const text = () => explanationText(explained, terminalWidth(), frames ?? []);
    console.log(values.json === true ? JSON.stringify(explained) : text());
    if (verify && frames!.length === 0) console.error("No reading of this bill came in a frame");
    const differs = frames?.some(({ outcome }) => outcome === "differs") ?? false;
    return explained.recomputed_equal && !differs ? 0 : 1;
  },
};
