/** A bill as text, for `bill show`. */
import { standing } from "../delivery/notice_text.ts";
import { counted } from "../terminal/counted.ts";
import { formatTable } from "../terminal/table.ts";
import { inIndia } from "../../protocol/indian_time.ts";
import { creditedPaise, type InvoiceSheet } from "./invoices.ts";
import { formatRate, formatRupees } from "./money.ts";

/** As it comes over the wire: instants are ISO 8601 text. */
export type SheetOnWire = Omit<InvoiceSheet, "issued_at" | "notifications"> & {
  readonly issued_at: string;
  readonly notifications: readonly (
    & Omit<InvoiceSheet["notifications"][number], "due_at">
    & { readonly due_at: string | null }
  )[];
};

/** The bill, its lines, and how its delivery stands. `width` is in columns of the terminal. */
export function billText(sheet: SheetOnWire, width: number): string {
  const { consumer, meter, from, to, days, units_kwh } = sheet.inputs;
  const head = [
    `Bill ${sheet.number}, ${sheet.state}${
      sheet.void_reason === null ? "" : `: ${sheet.void_reason}`
    }`,
    `${consumer.name}, ${consumer.number}; account ${sheet.account_id}, meter ${meter.meter_id}`,
    `${sheet.period}: ${from} to ${to}, ${counted(days, "day")}, ${units_kwh} kWh`,
    `Issued ${inIndia(sheet.issued_at)}, due ${sheet.due_on}`,
  ];
  const rows = sheet.lines.map((line) => [
    line.description,
    line.units === null ? "" : String(line.units),
    line.rate === null ? "" : formatRate(line.rate),
    formatRupees(line.amount_paise),
  ]);
  rows.push(["To pay", "", "", formatRupees(sheet.payable_paise)]);
  if (sheet.credits.length > 0) {
    for (const { number, issued_on, amount_paise, reason } of sheet.credits) {
      rows.push([
        `Credited ${issued_on}, ${number}: ${reason}`,
        "",
        "",
        formatRupees(-amount_paise),
      ]);
    }
    const left_paise = sheet.state === "void"
      ? 0
      : sheet.payable_paise - creditedPaise(sheet.credits);
    rows.push(["Left of this bill", "", "", formatRupees(left_paise)]);
  }
  const table = formatTable(
    [
      { title: "Charge", flexible: true },
      { title: "kWh", align: "right" },
      { title: "Rs/kWh", align: "right" },
      { title: "Rs", align: "right" },
    ],
    rows,
    { width },
  );
  const sent = sheet.notifications.map((one) =>
    `${one.kind === "bill" ? "" : `${one.kind} `}${one.channel} to ${one.recipient ?? "nobody"}: ${
      standing(one)
    }${one.last_error === null ? "" : ` (${one.last_error})`}${
      one.recipient === null ? "" : `; notice ${one.notification_id}`
    }`
  );
  return [...head, "", table, "", ...sent].join("\n");
}
