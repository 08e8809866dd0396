/** `samay meter list`: the meters that the head-end knows. */
import type { MeterLine } from "../../database/meter_views.ts";
import { inIndia } from "../../../protocol/indian_time.ts";
import type { MeterList } from "../../office/meters.ts";
import type { Command, ParsedArguments } from "../command.ts";
import { givenId } from "../given_id.ts";
import { formatTable, terminalWidth } from "../table.ts";
import { wholeNumber } from "../whole_number.ts";

/** Lines in one answer of the office. */
const PAGE = 1_000;
const LIMIT_DEFAULT = 1_000;
const LIMIT_MAX = 1_000_000;

/** A line as it comes over the wire: instants are ISO 8601 text. */
type Line = Omit<MeterLine, "last_read_at"> & { readonly last_read_at: string | null };

export const command: Command = {
  name: "meter list",
  summary: "Lists the meters that are known",
  options: {
    slave: { type: "string", placeholder: "ID", help: "Only the meters of this slave" },
    limit: { type: "string", placeholder: "N", help: `Lines at most (default ${LIMIT_DEFAULT})` },
    json: { type: "boolean", help: "One JSON document; energy in watt-hours" },
  },
  help: `Asks the running head-end.

  samay meter list --slave edge-1`,
  async run({ values }: ParsedArguments) {
    const limit = wholeNumber("limit", values.limit, LIMIT_DEFAULT, 1, LIMIT_MAX);
    const slave = values.slave === undefined ? undefined : givenId("--slave", `${values.slave}`);
    const { meters, more } = await collect(limit, slave);
    if (values.json === true) {
      console.log(JSON.stringify({ meters, more }));
      return 0;
    }
    console.log(meters.length === 0 ? "No meters are enrolled." : tableOf(meters));
    if (more) console.error(`There are more than ${limit}: give --limit N`);
    return 0;
  },
};

async function collect(
  limit: number,
  slave: string | undefined,
): Promise<{ meters: Line[]; more: boolean }> {
  const { askAsOperator } = await import("../../office/operator.ts");
  const meters: Line[] = [];
  while (true) {
    const after = meters.at(-1)?.meter_id;
    const answer = await askAsOperator("meter-list", {
      limit: Math.min(PAGE, limit - meters.length),
      ...(after === undefined ? {} : { after }),
      ...(slave === undefined ? {} : { slave_id: slave }),
    }) as Omit<MeterList, "meters"> & { meters: Line[] };
    meters.push(...answer.meters);
    if (!answer.more || meters.length >= limit) return { meters, more: answer.more };
  }
}

function tableOf(meters: readonly Line[]): string {
  const columns = [
    { title: "Meter" },
    { title: "Slave" },
    { title: "Consumer" },
    { title: "Name", flexible: true },
    { title: "Last reading" },
    { title: "kWh", align: "right" as const },
  ];
  const rows = meters.map((meter) => [
    meter.meter_id,
    meter.slave_id,
    meter.consumer_number ?? "",
    meter.name ?? "",
    meter.last_read_at === null ? "never" : inIndia(meter.last_read_at),
    meter.last_value_wh === null ? "" : (meter.last_value_wh / 1_000).toFixed(3),
  ]);
  return formatTable(columns, rows, { width: terminalWidth() });
}
