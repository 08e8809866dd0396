/** `samay meter enrol`: a meter becomes known, and its slave gets a key file. */
import type { Enrolled } from "../../office/enrol.ts";
import type { EnrolInput } from "../../office/enrol_input.ts";
import { type Command, type ParsedArguments, UsageError } from "../command.ts";
import { givenId } from "../given_id.ts";
import { createKeyFile } from "../key_file_out.ts";

type Values = ParsedArguments["values"];

const WH_PER_KWH = 1_000;

export const command: Command = {
  name: "meter enrol",
  summary: "Makes a meter known and writes its key file for the slave",
  options: {
    meter: { type: "string", placeholder: "ID", help: "Name of the meter in streams and files" },
    slave: { type: "string", placeholder: "ID", help: "Slave whose serial line it is on" },
    consumer: { type: "string", placeholder: "NUMBER", help: "Consumer number" },
    name: { type: "string", placeholder: "NAME", help: "Name of the consumer" },
    out: { type: "string", placeholder: "FILE", help: "Key file to write, for the slave" },
    address: { type: "string", placeholder: "TEXT", help: "Address of the premises" },
    phone: { type: "string", placeholder: "+91...", help: "Phone for SMS, with country code" },
    email: { type: "string", placeholder: "ADDRESS", help: "Address for bills by e-mail" },
    language: { type: "string", placeholder: "en|mr", help: "Language of the bills (default en)" },
    account: { type: "string", placeholder: "ID", help: "Account (default: the consumer number)" },
    serial: { type: "string", placeholder: "TEXT", help: "Number on the plate (default: the ID)" },
    tariff: { type: "string", placeholder: "ID", help: "Tariff (default msedcl-lt-1b)" },
    phase: { type: "string", placeholder: "1|3", help: "Phases of the connection (default 1)" },
    municipal: { type: "boolean", help: "The premises lie in a municipal corporation" },
    "sanctioned-load-w": {
      type: "string",
      placeholder: "N",
      help: "Sanctioned load in watts: a bill far beyond it is held back (default: not known)",
    },
    "contract-va": {
      type: "string",
      placeholder: "N",
      help: "Contract demand in volt-amperes, where the tariff asks for it",
    },
    factor: { type: "string", placeholder: "N", help: "Multiplying factor (default 1)" },
    "register-digits": {
      type: "string",
      placeholder: "N",
      help: "Digits before the point on its display, where it begins anew (default: not known)",
    },
    "opening-kwh": {
      type: "string",
      placeholder: "N",
      help: "What the meter showed when it was put up (default 0)",
    },
    "installed-on": {
      type: "string",
      placeholder: "DATE",
      help: "Day it was put up, YYYY-MM-DD in Indian time (default: now)",
    },
    suite: {
      type: "string",
      placeholder: "1|2|3",
      help: "Cipher of its frames: 1 AES-256-GCM (default), 2 AES-256-GCM-SIV, 3 ChaCha20-Poly1305",
    },
    json: { type: "boolean", help: "One JSON document, without the key" },
  },
  help: `Asks the running head-end. The key is in the file alone, which its owner alone can read:
carry it to the slave, which takes it in and deletes it. The same enrolment again is no error:
it completes what broke off and gives the same key. Something else under the same name is refused.
The consumer number is the one that the meter itself tells, where it tells one (register 0.0.0;
samay meter read shows it): the slave refuses a meter that says it is somebody else's.

  samay meter enrol --meter MH00000001 --slave desk --consumer 170012340001 \\
    --name "Asha Patil" --sanctioned-load-w 5000 --out MH00000001.key.json

samay start --help has the lines before and after it.`,
  run,
};

async function run({ values }: ParsedArguments): Promise<number> {
  const input = inputOf(values);
  const out = textOf(values, "out");
  // Before anything is enrolled: a key that cannot be written should not be made.
  using file = createKeyFile(out, "--out");
  const enrolled = await ask(input);
  file.write(enrolled.key_file);
  const { created, account_id, bills_nobody, key_file: { key: _, ...rest } } = enrolled;
  if (values.json === true) {
    console.log(JSON.stringify({ created, account_id, bills_nobody, ...rest, key_file: out }));
    return 0;
  }
  console.log(
    `Meter ${input.meter_id} ${created ? "is enrolled" : "was enrolled already"}: ` +
      `alias ${rest.alias}, account ${account_id}, slave ${input.slave_id}.\n` +
      `Its key is in ${out}: carry it to slave ${input.slave_id} and keep no copy.`,
  );
  if (bills_nobody !== null) console.log(`Account ${account_id} gets no bill: ${bills_nobody}.`);
  return 0;
}

async function ask(input: EnrolInput): Promise<Enrolled> {
  const { askAsOperator } = await import("../../office/operator.ts");
  return await askAsOperator("meter-enrol", input) as Enrolled;
}

function inputOf(values: Values): EnrolInput {
  const { phone, email, address, account, tariff, language, phase, suite } = values;
  const whole = (name: string) => numberOf(values, name, /^\d{1,12}$/);
  const opening_kwh = numberOf(values, "opening-kwh", /^\d{1,9}(\.\d{1,3})?$/);
  const given = {
    ...{ serial_number: values.serial, address, phone, email, language, account_id: account },
    tariff_id: tariff,
    phase: choice("phase", phase, ["1", "3"]) && Number(phase),
    suite: choice("suite", suite, ["1", "2", "3"]) && Number(suite),
    municipal: values.municipal,
    sanctioned_load_w: whole("sanctioned-load-w"),
    contract_va: whole("contract-va"),
    multiplying_factor: numberOf(values, "factor", /^\d{1,6}(\.\d{1,4})?$/),
    register_digits: numberOf(values, "register-digits", /^\d{1,2}$/),
    opening_reading_wh: opening_kwh === undefined
      ? undefined
      : Math.round(opening_kwh * WH_PER_KWH),
    installed_at_ms: dayOf(values["installed-on"]),
  };
  choice("language", language, ["en", "mr"]);
  return {
    meter_id: givenId("--meter", textOf(values, "meter")),
    slave_id: givenId("--slave", textOf(values, "slave")),
    consumer_number: textOf(values, "consumer"),
    name: textOf(values, "name"),
    ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)),
  };
}

function textOf(values: Values, name: string): string {
  const value = values[name];
  if (typeof value === "string" && value !== "") return value;
  throw new UsageError(`Missing --${name}; see: samay meter enrol --help`);
}

function choice(name: string, value: unknown, allowed: readonly string[]): unknown {
  if (value === undefined || allowed.includes(String(value))) return value;
  throw new UsageError(`--${name} is ${allowed.join(" or ")}, not "${value}"`);
}

function numberOf(values: Values, name: string, form: RegExp): number | undefined {
  const value = values[name];
  if (value === undefined) return undefined;
  if (form.test(String(value))) return Number(value);
  throw new UsageError(
    `--${name} is a number such as ${name === "factor" ? "1" : "5000"}, ` +
      `not "${value}"`,
  );
}

/** Midnight in Indian time. */
function dayOf(value: unknown): number | undefined {
  if (value === undefined) return undefined;
  const at_ms = /^\d{4}-\d\d-\d\d$/.test(String(value))
    ? Date.parse(`${value}T00:00:00+05:30`)
    : NaN;
  if (Number.isFinite(at_ms)) return at_ms;
  throw new UsageError(`--installed-on is a day as YYYY-MM-DD, not "${value}"`);
}
