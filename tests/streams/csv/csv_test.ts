/** CSV as spreadsheets and other programs write it. */
import assert from "node:assert/strict";
import { utf8 } from "../../../protocol/bytes.ts";
import { z } from "../../../protocol/schema.ts";
import { checkRows } from "../../../streams/csv/check_rows.ts";
import { readFileBounded } from "../../../streams/csv/csv_file.ts";
import { CSV_FAULTS_MAX, csvFaultText } from "../../../streams/csv/faults.ts";
import { type CsvShape, readCsv } from "../../../streams/csv/read_csv.ts";

const shape: CsvShape = {
  required: ["account", "amount"],
  optional: ["note"],
  rows_max: 1_000,
  bytes_max: 1 << 20,
};

function read(text: string, of: Partial<CsvShape> = {}) {
  const sheet = readCsv(utf8(text), { ...shape, ...of });
  return { rows: sheet.rows, said: sheet.faults.told.map(csvFaultText), faults: sheet.faults };
}

Deno.test("readCsv() reads quotes, doubled quotes, commas and line ends within them", () => {
  const { rows, said } = read('account,amount,note\nA-1,"1,200.50","said ""paid""\nat the desk"\n');
  assert.deepEqual(said, []);
  assert.deepEqual(rows, [{
    row: 2,
    values: { account: "A-1", amount: "1,200.50", note: 'said "paid"\nat the desk' },
  }]);
});

Deno.test("readCsv() tolerates a byte order mark, CRLF, CR, blanks and any order of columns", () => {
  for (const end of ["\r\n", "\n", "\r"]) {
    const { rows, said } = read(`\ufeffAmount , account${end} 5 , A-1 ${end}${end}7,A-2`);
    assert.deepEqual(said, []);
    assert.deepEqual(rows, [
      { row: 2, values: { account: "A-1", amount: "5", note: "" } },
      { row: 4, values: { account: "A-2", amount: "7", note: "" } },
    ]);
  }
});

Deno.test("readCsv() numbers rows as a spreadsheet does, blank ones too", () => {
  const { rows, said } = read('account,amount\n\n"A-1\nx",5\nA-2\n\n,\nA-3,6,7\n');
  assert.deepEqual(rows.map(({ row }) => row), [3]);
  assert.deepEqual(said, ["row 4: has 1 value, the header 2", "row 7: has 3 values, the header 2"]);
});

Deno.test("readCsv() refuses a header that lacks, repeats or does not know a column", () => {
  const { rows, said } = read("acount,amount,amount\nA,1,2\n");
  assert.deepEqual(rows, []);
  assert.deepEqual(said, [
    "row 1, acount: is no column of this file; did you mean account?",
    "row 1, amount: is there twice",
    "row 1, account: is missing in the header",
  ]);
  assert.match(read("account;amount\nA;1\n").said[0]!, /something else than a comma/);
  assert.match(read("").said[0]!, /^file: is empty; row 1 is account,amount/);
  assert.match(read("account,amount\n\n").said[0]!, /no row below/);
});

Deno.test("readCsv() says where quotation marks are wrong, and takes nothing of such a file", () => {
  const opened = read('account,amount\nA-1,1\nA-2,"2\nA-3,3\n');
  assert.deepEqual(opened.rows, []);
  assert.match(opened.said[0]!, /^row \d+: a quotation mark is opened here or above/);
  const after = read('account,amount\nA-1,"1"2\n');
  assert.deepEqual(after.rows, []);
  assert.match(after.said[0]!, /^row 2: after a closing quotation mark/);
  const within = read('account,amount\nA-1,1\nA-2,1"2\n');
  assert.deepEqual(within.rows, []);
  assert.match(within.said[0]!, /^row 3: a quotation mark within a value/);
});

Deno.test("readCsv() is bounded in bytes, rows and the length of a row, and reads UTF-8 only", () => {
  assert.match(read("account,amount\nA,1\n", { bytes_max: 10 }).said[0]!, /at most 10 are taken/);
  const many = read(`account,amount\n${"A,1\n".repeat(4)}`, { rows_max: 3 });
  assert.deepEqual([many.rows.length, many.said], [0, ["file: has more than 3 rows: divide it"]]);
  assert.equal(read(`account,amount\n${"A,1\n".repeat(3)}`, { rows_max: 3 }).rows.length, 3);
  assert.match(read(`account,amount\nA,${"x".repeat(70_000)}\n`).said[0]!, /longer than 65536/);
  const latin = readCsv(new Uint8Array([0x61, 0xff, 0x0a]), shape);
  assert.match(latin.faults.told[0]!.reason, /not in UTF-8/);
  assert.match(read("account,amount\nA,\0\n").said[0]!, /a character of no text/);
  const marathi = read("account,amount,note\nA,1,रोख भरणा\n");
  assert.equal(marathi.rows[0]!.values.note, "रोख भरणा");
});

Deno.test("checkRows() names row, field and reason, tells a hundred faults and counts the others", () => {
  const schema = z.object({
    account: z.string().regex(/^A-\d+$/, "an account is A-1, A-2, ..."),
    amount: z.string().regex(/^\d+$/, "whole rupees").transform(Number),
  });
  const sheet = readCsv(utf8("account,amount\nA-1,5\nB,6\nA-2,\nB,x\n"), shape);
  assert.deepEqual(checkRows(sheet, schema), [{ row: 2, value: { account: "A-1", amount: 5 } }]);
  assert.deepEqual(sheet.faults.told.map(csvFaultText), [
    'row 3, account: "B": an account is A-1, A-2, ...',
    "row 4, amount: is empty: whole rupees",
    'row 5, account: "B": an account is A-1, A-2, ...',
    'row 5, amount: "x": whole rupees',
  ]);
  const bad = readCsv(utf8(`account,amount\n${"B,1\n".repeat(150)}`), shape);
  assert.deepEqual(checkRows(bad, schema), []);
  assert.deepEqual([bad.faults.told.length, bad.faults.more], [CSV_FAULTS_MAX, 50]);
});

Deno.test("readFileBounded() refuses what is too large, no file, or not there", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/a.csv`, "0123456789");
    assert.equal((await readFileBounded(`${folder}/a.csv`, 10)).length, 10);
    await assert.rejects(readFileBounded(`${folder}/a.csv`, 9), /has 10 bytes, at most 9/);
    await assert.rejects(readFileBounded(folder, 9), /is no file|cannot be read/);
    await assert.rejects(readFileBounded(`${folder}/b.csv`, 9), /b\.csv cannot be read/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
