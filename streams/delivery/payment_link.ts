/** The link by which a telephone pays a bill over UPI (NPCI, UPI linking specification). */
import type { BillDocument } from "./bill_document.ts";

/** Signs that the payee's name and the note may take in the link: it must fit a small QR code. */
const TEXT_MAX = 70;

/**
 * `upi://pay?pa=..&pn=..&am=..&cu=INR&tn=..`; null where the utility takes no UPI, or nothing is to
 * be paid. The note is the bill's number: by it the payment finds its bill.
 */
export function paymentLinkOf({ utility, amount_due_paise, number }: BillDocument): string | null {
  if (utility.upi_id === undefined || amount_due_paise <= 0) return null;
  const rupees = `${Math.floor(amount_due_paise / 100)}.${
    String(amount_due_paise % 100).padStart(2, "0")
  }`;
  return `upi://pay?pa=${utility.upi_id}&pn=${escaped(utility.name)}` +
    `&am=${rupees}&cu=INR&tn=${escaped(number)}`;
}

/** Letters and figures as they are, all else in percent signs; cut where it gets too long. */
function escaped(text: string): string {
  let link = "";
  for (const character of text.toWellFormed()) {
    const part = encodeURIComponent(character)
      .replace(/[!'()*]/, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
    if (link.length + part.length > TEXT_MAX) break;
    link += part;
  }
  return link;
}
