/** One bill for the tests of delivery: the worked example of MSEDCL LT I(B), 250 kWh in one month. */
import {
  type BillDocument,
  billDocument,
  type BillHead,
  type BillLine,
  type Utility,
} from "../../../streams/delivery/bill_document.ts";
import type { InvoiceInputs } from "../../../protocol/messages/invoice_inputs.ts";

export const utility: Utility = {
  name: "Samay Electricity Distribution",
  name_mr: "समय वीज वितरण कंपनी",
  address: "Prakashgad, Bandra (East), Mumbai 400 051",
  address_mr: "प्रकाशगड, वांद्रे (पूर्व), मुंबई ४०० ०५१",
  contact: "1912, help@samay.example",
};

export const head: BillHead = {
  number: "MH-2026-27/000001",
  period: "2026-04",
  issued_at: new Date("2026-05-01T00:30:00+05:30"),
  due_on: "2026-05-21",
  total_paise: 295_336,
  rounding_paise: -336,
  payable_paise: 295_000,
};

const line = (
  code: string,
  description: string,
  units: number | null,
  rate: number | null,
  amount_paise: number,
): BillLine => ({ code, description, units, rate, amount_paise });

export const lines: readonly BillLine[] = [
  line("energy", "Energy charge, units 1 to 100", 100, 39_600, 39_600),
  line("energy", "Energy charge, units 101 to 300", 150, 108_000, 162_000),
  line("wheeling", "Wheeling charge", 250, 16_000, 40_000),
  line("fixed", "Fixed charge, 1-phase", null, null, 13_000),
  line("duty", "Electricity duty, 16 %", null, null, 40_736),
  line("rounding", "Rounding to the nearest 10 rupees", null, null, -336),
];

const UNITS = [212, 236, 301, 287, 198, 176, 164, 190, 221, 243, 268];
const PERIODS = [
  ...["05", "06", "07", "08", "09", "10", "11", "12"].map((month) => `2025-${month}`),
  ...["01", "02", "03"].map((month) => `2026-${month}`),
];

/** The snapshot of inputs, as billing writes it. */
export function inputsOf(language: "en" | "mr"): InvoiceInputs {
  return {
    v: 1,
    period: "2026-04",
    consumer: {
      number: "170013978420",
      name: language === "mr" ? "श्रीमती क्षमा ज्ञानेश्वर कुलकर्णी" : "Kshama Dnyaneshwar Kulkarni",
      address: language === "mr"
        ? "१२, राष्ट्रीय गृहनिर्माण संस्था, कर्वे रोड, पुणे ४११ ००४"
        : "12, Rashtriya Housing Society, Karve Road, Pune 411 004",
      phone: "+919820012345",
      email: "kshama@example.org",
      language,
    },
    account: {
      id: "A-000001",
      tariff_id: "msedcl-lt-1b",
      phase: 1,
      municipal: false,
      sanctioned_load_w: 3_000,
    },
    meter: { meter_id: "MH00113978", serial_number: "00113978", multiplying_factor: 1 },
    opening: {
      read_at_ms: Date.parse("2026-03-31T18:30:00Z"),
      value_wh: 14_273_118,
      source: "import",
    },
    closing: {
      read_at_ms: Date.parse("2026-04-30T18:29:58Z"),
      value_wh: 14_523_402,
      source: "frame",
      frame_sequence: 4_711,
      journal_sequence: 88,
      sealed_at_ms: Date.parse("2026-04-30T18:29:58.4Z"),
      arrived_at_ms: Date.parse("2026-04-30T18:29:58.43Z"),
      second_found_s: Date.parse("2026-04-30T18:29:58Z") / 1000,
      trials: 1,
      clock_quality: 3,
      clock_offset_ms: 12.34,
    },
    from: "2026-04-01",
    to: "2026-05-01",
    days: 30,
    months: 1,
    units_kwh: 250,
    tariff: {
      id: "msedcl-lt-1b",
      name: "LT I(B) Residential",
      versions: [{
        effective_from: "2026-04-01",
        source: "MERC order in Case 75 of 2025, 25 March 2026, page 95",
      }],
    },
    history: PERIODS.map((period, i) => ({ period, units_kwh: UNITS[i]! })),
    due_on: "2026-05-21",
  };
}

/** The sample bill in one language, with changes to its inputs where a test wants them. */
export function sampleBill(
  language: "en" | "mr",
  changes: Partial<InvoiceInputs> = {},
): BillDocument {
  return billDocument(head, lines, { ...inputsOf(language), ...changes }, utility);
}

/** The sample bill with a year behind it, of a utility that takes UPI. */
export function payableBill(language: "en" | "mr"): BillDocument {
  const { history } = inputsOf(language);
  const bill = sampleBill(language, {
    history: [{ period: "2025-04", units_kwh: 231 }, ...history],
  });
  return { ...bill, utility: { ...utility, upi_id: "samay.vidyut@examplebank" } };
}

/** The payable bill of a customer who owed `before_paise`, with what was paid since counted. */
export function billAfter(
  language: "en" | "mr",
  before_paise: number,
  payments_paise: number,
): BillDocument {
  const amount_due_paise = before_paise + head.payable_paise;
  return {
    ...payableBill(language),
    balance: { before_paise: before_paise + payments_paise, payments_paise, amount_due_paise },
    amount_due_paise,
  };
}

/** `bill` with lines of these amounts, and what they come to. */
export function billOfLines(bill: BillDocument, amounts_paise: readonly number[]): BillDocument {
  const total_paise = amounts_paise.reduce((sum, amount) => sum + amount, 0);
  const charges = amounts_paise.map((amount_paise, i) => ({
    ...lines[i % 5]!,
    amount_paise,
  }));
  return {
    ...{ ...bill, lines: charges, total_paise, rounding_paise: 0 },
    ...{ payable_paise: total_paise, amount_due_paise: total_paise },
  };
}
