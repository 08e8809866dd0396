/** A QR code as a matrix (ISO/IEC 18004): the only file that knows the library which makes it. */
import encodeQr from "qr";

/** Bytes that the payment link may have: a larger code would be too fine for a telephone's camera. */
export const QR_TEXT_MAX = 300;

/** Rows of modules, true where dark, without the quiet zone; 15 % of it may be lost. */
export function qrMatrix(text: string): boolean[][] {
  if (text.length > QR_TEXT_MAX) {
    throw new RangeError(
      `A QR code of ${text.length} characters is too fine, at most ${QR_TEXT_MAX}`,
    );
  }
  // The library draws a quiet zone of one module at least; the page draws its own.
  return encodeQr(text, "raw", { ecc: "medium", border: 1 }).slice(1, -1)
    .map((row) => row.slice(1, -1));
}
