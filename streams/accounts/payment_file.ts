/** What a file of payments may be: the command reads no more, the office takes no more. */
import type { CsvShape } from "../csv/read_csv.ts";

export const PAYMENT_FILE_BYTES_MAX = 16 << 20;

export const PAYMENT_FILE: CsvShape = {
  required: ["reference", "amount", "paid_on"],
  optional: ["account", "bill", "source", "method", "note"],
  rows_max: 200_000,
  bytes_max: PAYMENT_FILE_BYTES_MAX,
};
