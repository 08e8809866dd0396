/** `samay account open`: a customer moves in at a meter that is there. */
import { type Command, UsageError } from "../command.ts";
import { deedOf, kwhOption, momentOption } from "../deed.ts";
import { givenId } from "../given_id.ts";

export const command: Command = {
  name: "account open",
  summary: "A new account from its start reading on, at a meter that is there",
  positionals: { usage: "ACCOUNT", min: 1, max: 1 },
  options: {
    meter: { type: "string", placeholder: "ID", help: "Known, and of no account now" },
    start: { type: "string", placeholder: "KWH", help: "Its register as the customer moved in" },
    at: { type: "string", placeholder: "WHEN", help: "A day or a moment; now without it" },
    consumer: { type: "string", placeholder: "NUMBER", help: "Consumer number" },
    name: { type: "string", placeholder: "TEXT", help: "Who gets the bill" },
    address: { type: "string", placeholder: "TEXT", help: "Of the premises" },
    phone: { type: "string", placeholder: "NUMBER", help: "As +919800000001, for SMS" },
    email: { type: "string", placeholder: "MAILBOX", help: "For bills by mail" },
    language: { type: "string", placeholder: "en|mr", help: "Of the bill (default en)" },
    tariff: { type: "string", placeholder: "ID", help: "See: samay tariff list" },
    phase: { type: "string", placeholder: "1|3", help: "Of the connection (default 1)" },
    municipal: { type: "boolean", help: "In a municipal corporation area" },
    "sanctioned-load-w": { type: "string", placeholder: "W", help: "Without it: not known" },
    "contract-va": { type: "string", placeholder: "N", help: "Contract demand in volt-amperes" },
    reason: { type: "string", placeholder: "TEXT", help: "Why: kept in the audit" },
    json: { type: "boolean", help: "One JSON document" },
  },
  help: `The account before must be closed. What it was billed up to is not billed again: the start
reading is at least its final one. A meter that tells a consumer number of its own (register 0.0.0)
goes on telling that of the consumer for whom it was enrolled: leave it so, it is known as that.

  samay account open A2 --meter M1 --start 1160 --consumer C2 --name "Ravi Joshi" \\
    --reason "moved in"`,
  async run({ values, positionals }) {
    const start_wh = kwhOption(values, "start");
    if (start_wh === undefined) throw new UsageError("Give the reading as noted: --start KWH");
    for (const name of ["meter", "consumer", "name"]) {
      if (typeof values[name] !== "string") throw new UsageError(`Missing --${name}`);
    }
    const load = values["sanctioned-load-w"];
    if (load !== undefined && !/^\d{1,9}$/.test(String(load))) {
      throw new UsageError(`--sanctioned-load-w is whole watts such as 5000, not "${load}"`);
    }
    const contract = values["contract-va"];
    if (contract !== undefined && !/^[1-9]\d{0,8}$/.test(String(contract))) {
      throw new UsageError(`--contract-va is whole volt-amperes such as 60000, not "${contract}"`);
    }
    const { phone, email, address, language, tariff: tariff_id, phase, municipal } = values;
    const given = {
      ...{ phone, email, address, language, tariff_id, municipal, at: momentOption(values.at) },
      phase: phase === undefined ? undefined : Number(phase),
      sanctioned_load_w: load === undefined ? undefined : Number(load),
      contract_va: contract === undefined ? undefined : Number(contract),
    };
    const { askAsOperator } = await import("../../office/operator.ts");
    const done = await askAsOperator("account-open", {
      account_id: givenId("the account", positionals[0]!),
      meter_id: givenId("--meter", String(values.meter)),
      ...{ consumer_number: values.consumer, name: values.name, start_wh, ...deedOf(values) },
      ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
    }) as {
      account_id: string;
      enrolled_consumer: string | null;
      bills_nobody: string | null;
    };
    const { account_id, enrolled_consumer, bills_nobody } = done;
    const told = enrolled_consumer === null
      ? ""
      : `\nThe meter was enrolled for consumer ${enrolled_consumer}: where it tells that number ` +
        "itself, leave it so";
    console.log(
      values.json === true
        ? JSON.stringify(done)
        : `Account ${account_id} is open: meter ${values.meter} from ${start_wh / 1000} kWh` +
          told,
    );
    if (values.json !== true && bills_nobody !== null) {
      console.log(`Account ${account_id} gets no bill: ${bills_nobody}.`);
    }
    return 0;
  },
};
