/** `samay meter read-now`: a reading from the field, now. */
import type { RawReading } from "../../database/readings.ts";
import { inIndia } from "../../../protocol/indian_time.ts";
import { type Command, type ParsedArguments, UsageError } from "../command.ts";
import { givenId } from "../given_id.ts";
import { formatTable, terminalWidth } from "../table.ts";

const WAIT_S_DEFAULT = 30;
const WAIT_S_MAX = 120;
/** What the question and the answer take on their own way. */
const WAY_MS = 5_000;

type Reading = Pick<RawReading, "obis" | "value" | "unit" | "flags" | "trials"> & {
  readonly read_at: string;
};

export const command: Command = {
  name: "meter read-now",
  summary: "Asks a meter in the field for a reading and waits for it",
  positionals: { usage: "ID", min: 1, max: 1 },
  options: {
    wait: {
      type: "string",
      placeholder: "SECONDS",
      help: `How long to wait, up to ${WAIT_S_MAX} (default ${WAIT_S_DEFAULT})`,
    },
    json: { type: "boolean", help: "One JSON document; values in the smallest unit" },
  },
  help:
    `The command goes to the meter's slave; the reading comes the same way as every other, sealed,
and is printed once it stands in the database.

  samay meter read-now MH00113978`,
  async run({ values, positionals }: ParsedArguments) {
    const meter_id = givenId("ID", positionals[0]!);
    const wait_s = waitOf(values.wait);
    const { askAsOperator } = await import("../../office/operator.ts");
    const input = { meter_id, wait_s };
    const answer = await askAsOperator("meter-read-now", input, wait_s * 1_000 + WAY_MS) as {
      readings: Reading[];
      slave_time: string | null;
    };
    console.log(
      values.json === true
        ? JSON.stringify({ meter_id, ...answer })
        : forPeople(meter_id, answer.readings, answer.slave_time),
    );
    return 0;
  },
};

function waitOf(value: unknown): number {
  if (value === undefined) return WAIT_S_DEFAULT;
  const wait_s = Number(value);
  if (wait_s > 0 && wait_s <= WAIT_S_MAX) return wait_s;
  throw new UsageError(`--wait is a number of seconds up to ${WAIT_S_MAX}, not "${value}"`);
}

function forPeople(
  meter_id: string,
  readings: readonly Reading[],
  slave_time: string | null,
): string {
  const { read_at, trials, flags } = readings[0]!;
  const marks = flags.length > 0 ? `, marked ${flags.join(", ")}` : "";
  const columns = [{ title: "register" }, { title: "value", align: "right" as const }, {
    title: "unit",
  }];
  const rows = readings.map(({ obis, value, unit }) => [obis, String(value), unit]);
  return `Meter ${meter_id} at ${inIndia(read_at)} Indian time, opened at trial ${
    trials ?? "-"
  }${marks}\n` +
    formatTable(columns, rows, { width: terminalWidth() }) +
    (slave_time === null ? "" : `\nIts slave's time: ${slave_time}`);
}
