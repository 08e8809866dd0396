/** `samay meter exchange`: notes the exchange of a meter. */
import { type Command, UsageError } from "../command.ts";
import { deedOf, kwhOption, momentOption } from "../deed.ts";
import { givenId } from "../given_id.ts";

export const command: Command = {
  name: "meter exchange",
  summary: "Notes the exchange of a meter: final reading of the old one, start of the new one",
  positionals: { usage: "OLD NEW", min: 2, max: 2 },
  options: {
    final: { type: "string", placeholder: "KWH", help: "The old meter's register as it came down" },
    start: { type: "string", placeholder: "KWH", help: "The new meter's register as it went up" },
    at: { type: "string", placeholder: "WHEN", help: "A day or a moment; now without it" },
    factor: { type: "string", placeholder: "N", help: "The new one's; the old one's without it" },
    reason: { type: "string", placeholder: "TEXT", help: "Why: kept in the audit" },
    json: { type: "boolean", help: "One JSON document" },
  },
  help: `The month's use is then a sum: the old meter up to its final reading, the new one from its
start reading. The new meter is one that is known: enrol it for the same account first.

  samay meter enrol --meter M2 --account A1 --consumer C1 --name "Asha Patil" ...
  samay meter exchange M1 M2 --final 1130.4 --start 12.3 --at 2026-04-16T11:00+05:30 \\
    --reason "display dark"`,
  async run({ values, positionals }) {
    const [final_wh, start_wh] = [kwhOption(values, "final"), kwhOption(values, "start")];
    if (final_wh === undefined || start_wh === undefined) {
      throw new UsageError("Give both readings as they were noted: --final KWH --start KWH");
    }
    const { factor } = values;
    if (factor !== undefined && !/^\d{1,6}(\.\d{1,4})?$/.test(String(factor))) {
      throw new UsageError(`--factor is a number such as 1 or 7.5, not "${factor}"`);
    }
    const at = momentOption(values.at);
    const input = {
      old_meter_id: givenId("the old meter", positionals[0]!),
      new_meter_id: givenId("the new meter", positionals[1]!),
      ...{ final_wh, start_wh, ...deedOf(values) },
      ...(at === undefined ? {} : { at }),
      ...(factor === undefined ? {} : { multiplying_factor: Number(factor) }),
    };
    const { askAsOperator } = await import("../../office/operator.ts");
    const done = await askAsOperator("meter-exchange", input) as { account_id: string };
    console.log(
      values.json === true
        ? JSON.stringify(done)
        : `Account ${done.account_id}: ${positionals[0]} is down at ${final_wh / 1000} kWh, ` +
          `${positionals[1]} stands from ${start_wh / 1000} kWh`,
    );
    return 0;
  },
};
