/**
 * Bills as PDF a second on one core: `deno run --allow-all tests/bench/pdf_bench.ts [seconds]`.
 *
 * Every bill is another one: number, amounts, readings and name differ, half are in Marathi. Not
 * measured: reading from the database, writing the file, sending.
 */
import { renderBillPdf } from "../../streams/delivery/pdf/bill_pdf.ts";
import type { BillDocument } from "../../streams/delivery/bill_document.ts";
import { sampleBill } from "../streams/delivery/sample.ts";

const WARM_UP = 20;

/** The `i`th of many bills. */
function billOf(i: number): BillDocument {
  const bill = sampleBill(i % 2 === 0 ? "en" : "mr");
  return {
    ...bill,
    number: `MH-2026-27/${String(i).padStart(6, "0")}`,
    payable_paise: 100_000 + 1_000 * i,
    consumer: { ...bill.consumer, number: String(170_000_000_000 + i) },
    closing: { ...bill.closing, value_wh: bill.closing.value_wh + 97 * i },
    chart: bill.chart.map((bar, j) => ({ ...bar, units_kwh: bar.units_kwh + (i * (j + 3)) % 97 })),
  };
}

const seconds = Number(Deno.args[0] ?? 5);
for (let i = 0; i < WARM_UP; i++) renderBillPdf(billOf(i));
const start_ms = performance.now();
let bills = 0;
let bytes = 0;
while (performance.now() - start_ms < seconds * 1000) {
  bytes += renderBillPdf(billOf(WARM_UP + bills)).length;
  bills++;
}
const elapsed_ms = performance.now() - start_ms;
console.log(JSON.stringify({
  bills,
  bills_a_second: Math.round(bills / elapsed_ms * 10_000) / 10,
  ms_a_bill: Math.round(elapsed_ms / bills * 100) / 100,
  bytes_a_bill: Math.round(bytes / bills),
}));
