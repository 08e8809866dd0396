/** `samay meter note`: corrects a final or start reading that was noted. */
import type { Noted } from "../../premises/note.ts";
import { type Command, UsageError } from "../command.ts";
import { deedOf, kwhOption } from "../deed.ts";
import { givenId } from "../given_id.ts";

export const command: Command = {
  name: "meter note",
  summary: "Corrects a final or start reading that was noted, or notes one that was not",
  positionals: { usage: "METER", min: 1, max: 1 },
  options: {
    account: { type: "string", placeholder: "ID", help: "Whose: a meter may have had several" },
    final: { type: "string", placeholder: "KWH", help: "As it came down, or the account ended" },
    start: { type: "string", placeholder: "KWH", help: "As it went up, or the account began" },
    reason: { type: "string", placeholder: "TEXT", help: "Why: kept in the audit" },
    json: { type: "boolean", help: "One JSON document" },
  },
  help:
    `The moment stays as it was noted. It is refused while a bill rests on the reading: void that
bill first. A month that is parked for it is closed anew.

  samay meter note M1 --account A1 --final 1130.4 --reason "photo: 1130.4, not 1310.4"`,
  async run({ values, positionals }) {
    const [final_wh, start_wh] = [kwhOption(values, "final"), kwhOption(values, "start")];
    const value_wh = final_wh ?? start_wh;
    if (value_wh === undefined || (final_wh !== undefined && start_wh !== undefined)) {
      throw new UsageError("Give one reading as it is to be: --final KWH or --start KWH");
    }
    if (values.account === undefined) throw new UsageError("Say whose it is: --account ID");
    const which = final_wh === undefined ? "start" : "final";
    const { askAsOperator } = await import("../../office/operator.ts");
    const done = await askAsOperator("meter-note", {
      meter_id: givenId("the meter", positionals[0]!),
      account_id: givenId("the account", String(values.account)),
      ...{ which, value_wh, ...deedOf(values) },
    }) as Noted;
    console.log(values.json === true ? JSON.stringify(done) : words(done, which));
    return 0;
  },
};

function words(done: Noted, which: string): string {
  const { account_id, meter_id, before_wh, value_wh, periods } = done;
  const before = before_wh === null ? "noted for the first time" : `not ${before_wh / 1000}`;
  const again = periods.length === 0 ? "" : `; ${periods.join(", ")} is closed anew`;
  return `Account ${account_id}: the ${which} reading of meter ${meter_id} is ${
    value_wh / 1000
  } kWh, ${before}${again}`;
}
