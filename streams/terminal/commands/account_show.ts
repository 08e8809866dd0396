/** `samay account show`: one account with its meters, its months and what it owes. */
import { formatRupees } from "../../billing/money.ts";
import type { AccountSheet } from "../../premises/accounts.ts";
import { inIndia } from "../../../protocol/indian_time.ts";
import type { Command } from "../command.ts";
import { givenId } from "../given_id.ts";
import { formatTable, terminalWidth } from "../table.ts";

/** As it comes over the wire: instants are ISO 8601 text. */
type OnWire<T> = { [K in keyof T]: T[K] extends Date | null ? string | null : T[K] };
type Sheet = Omit<AccountSheet, "meters" | "cycles"> & {
  readonly meters: readonly OnWire<AccountSheet["meters"][number]>[];
  readonly cycles: readonly OnWire<AccountSheet["cycles"][number]>[];
};

export const command: Command = {
  name: "account show",
  summary: "Shows one account: meters, months, balance",
  positionals: { usage: "ACCOUNT", min: 1, max: 1 },
  options: { json: { type: "boolean", help: "One JSON document; energy in watt-hours" } },
  help: `Asks the running head-end.

  samay account show A1`,
  async run({ values, positionals }) {
    const { askAsOperator } = await import("../../office/operator.ts");
    const account_id = givenId("the account", positionals[0]!);
    const sheet = await askAsOperator("account-show", { account_id }) as Sheet;
    console.log(values.json === true ? JSON.stringify(sheet) : textOf(sheet));
    return 0;
  },
};

const kwh = (wh: number | null) => wh === null ? "not noted" : `${(wh / 1000).toFixed(3)} kWh`;

function textOf(sheet: Sheet): string {
  const { balance_paise, sanctioned_load_w, contract_va, closed_on } = sheet;
  const head = [
    `Account ${sheet.account_id}: ${sheet.name}, consumer ${sheet.consumer_number}`,
    `${sheet.tariff_id}, ${sheet.phase}-phase${sheet.municipal ? ", municipal area" : ""}, ${
      sanctioned_load_w === 0 ? "load not known" : `${sanctioned_load_w} W sanctioned`
    }${contract_va === null ? "" : `, ${contract_va} VA contract demand`}`,
    `Opened ${sheet.opened_on}${
      closed_on === null ? (sheet.status === "closed" ? ", closed" : "") : `, closed ${closed_on}`
    }; ${balance_paise < 0 ? "in credit" : "owes"} ${formatRupees(Math.abs(balance_paise))} rupees`,
  ];
  const meters = sheet.meters.map((one) =>
    `Meter ${one.meter_id} from ${inIndia(one.installed_at!)} at ${kwh(one.opening_reading_wh)}${
      one.removed_at === null
        ? ""
        : ` to ${inIndia(one.removed_at)} at ${kwh(one.final_reading_wh)}`
    }, factor ${one.multiplying_factor}`
  );
  const rows = sheet.cycles.map((one) => [
    ...[one.period, one.state, one.estimated ? "estimated" : ""],
    one.units_kwh === null ? "" : String(one.units_kwh),
    one.payable_paise === null ? "" : formatRupees(one.payable_paise),
    one.number ?? one.reason ?? (one.deadline_at === null ? "" : `due ${inIndia(one.deadline_at)}`),
  ]);
  const table = rows.length === 0 ? "No month was closed yet" : formatTable(
    [
      ...[{ title: "Month" }, { title: "State" }, { title: "" }],
      ...[{ title: "kWh", align: "right" as const }, { title: "Rs", align: "right" as const }],
      { title: "Bill, or why not", flexible: true },
    ],
    rows,
    { width: terminalWidth() },
  );
  return [...head, ...meters, "", table].join("\n");
}
