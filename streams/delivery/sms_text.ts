/** The SMS of one bill, and how many segments of SMS a text takes. */
import type { BillDocument } from "./bill_document.ts";
import { dateShort, periodLong, periodShort, rupeesShort } from "./format.ts";

/**
 * Amount, due date and bill number, as short as they can be said. The bill number makes the text
 * unlike any other to the same telephone: that is how a text that may have left is found again.
 */
export function smsTextOf(bill: BillDocument): string {
  const amount = rupeesShort(bill.payable_paise);
  const due = dateShort(bill.due_on);
  if (bill.consumer.language === "mr") {
    return `वीज बिल ${bill.number}, ${periodLong(bill.period, "mr")}: ` +
      `देय रक्कम रु. ${amount}, देय दिनांक ${due}. ग्राहक क्र. ${bill.consumer.number}`;
  }
  const { month } = periodShort(bill.period, "en");
  return `${bill.utility.name}: bill ${bill.number} for ${month} ${bill.period.slice(0, 4)}, ` +
    `Rs ${amount}, due ${due}. Consumer no ${bill.consumer.number}`;
}

/** GSM 7-bit default alphabet (3GPP TS 23.038 section 6.2.1); one septet a character. */
const GSM_BASIC = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
  "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/** Its extension table: an escape and a character, two septets. */
const GSM_EXTENDED = "\f^{}\\[~]|€";

export interface Segments {
  readonly encoding: "GSM-7" | "UCS-2";
  /** What is charged for. */
  readonly segments: number;
  /** Septets of GSM-7, or 16-bit units of UCS-2. */
  readonly units: number;
}

/**
 * How `text` is sent: 160 septets or 70 UCS-2 units in one segment; 153 or 67 in each of several,
 * the rest being the header that joins them (3GPP TS 23.040 section 9.2.3.24). An escape sequence
 * and a surrogate pair are never cut, so a segment may end one unit early.
 */
export function segmentsOf(text: string): Segments {
  const characters = [...text];
  const gsm = characters.every((c) => GSM_BASIC.includes(c) || GSM_EXTENDED.includes(c));
  const widths = characters.map((c) => gsm ? (GSM_EXTENDED.includes(c) ? 2 : 1) : c.length);
  const [single, joined] = gsm ? [160, 153] : [70, 67];
  const units = widths.reduce((sum, width) => sum + width, 0);
  const encoding = gsm ? "GSM-7" : "UCS-2";
  if (units <= single) return { encoding, segments: 1, units };
  let segments = 1;
  let room = joined;
  for (const width of widths) {
    if (width > room) {
      segments++;
      room = joined;
    }
    room -= width;
  }
  return { encoding, segments, units };
}
