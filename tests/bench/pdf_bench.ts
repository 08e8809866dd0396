/**
 * Bills as PDF a second on one core: `deno task bench:pdf [bills]`.
 *
 * Every bill is another one: number, amounts, readings, name, address and chart differ, half are in
 * Marathi, all have a payment code. Counted is the process's processor time, with its garbage
 * collector and compiler; so other programs on the machine disturb little. Not measured: reading from
 * the database, writing the file, sending.
 */
import process from "node:process";
import type { BillDocument } from "../../streams/delivery/bill_document.ts";
import { renderBillPdf } from "../../streams/delivery/pdf/bill_pdf.ts";
import { payableBill } from "../streams/delivery/sample.ts";

/** The runtime compiles what runs often: the first bills take longer, as those of a role do. */
const WARM_UP = 500;
const BILLS = 2_000;

const NAMES = {
  en: ["Kulkarni", "Jadhav", "Shinde", "Deshpande", "Gaikwad", "More", "Pawar", "Kshirsagar"],
  mr: ["कुलकर्णी", "जाधव", "शिंदे", "देशपांडे", "गायकवाड", "मोरे", "क्षीरसागर", "ज्ञानोबा", "द्वारकानाथ"],
};

/** The `i`th of many bills. */
function billOf(i: number): BillDocument {
  const bill = payableBill(i % 2 === 0 ? "en" : "mr");
  const names = NAMES[bill.consumer.language];
  const name = [1, 3, 7].map((step) => names[i * step % names.length]).join(" ");
  const energy_paise = 39_600 + 97 * i;
  const more_paise = energy_paise - bill.lines[0]!.amount_paise;
  return {
    ...bill,
    number: `MH-2026-27/${String(i).padStart(6, "0")}`,
    lines: bill.lines.map((line, j) => j === 0 ? { ...line, amount_paise: energy_paise } : line),
    total_paise: bill.total_paise + more_paise,
    payable_paise: bill.payable_paise + more_paise,
    consumer: {
      ...bill.consumer,
      number: String(170_000_000_000 + i),
      name,
      address: `${i}, ${bill.consumer.address}`,
    },
    closing: { ...bill.closing, value_wh: bill.closing.value_wh + 97 * i },
    chart: bill.chart.map((bar, j) => ({ ...bar, units_kwh: bar.units_kwh + (i * (j + 3)) % 97 })),
  };
}

const processor_ms = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const bills = Number(Deno.args[0] ?? BILLS);
for (let i = 0; i < WARM_UP; i++) renderBillPdf(billOf(i));
const start_ms = processor_ms();
let bytes = 0;
for (let i = 0; i < bills; i++) bytes += renderBillPdf(billOf(WARM_UP + i)).length;
const ms_a_bill = (processor_ms() - start_ms) / bills;
console.log(JSON.stringify({
  bills,
  bills_a_second_a_core: Math.round(1_000 / ms_a_bill),
  processor_ms_a_bill: Math.round(ms_a_bill * 100) / 100,
  bytes_a_bill: Math.round(bytes / bills),
}));
