/** `samay bill pdf`: one bill as a file. */
import type { BillPdf } from "../../office/bill_pdf.ts";
import { type Command, Failure, type ParsedArguments } from "../command.ts";

export const command: Command = {
  name: "bill pdf",
  summary: "Writes one bill as a PDF",
  positionals: { usage: "NUMBER", min: 1, max: 1 },
  options: {
    out: {
      type: "string",
      placeholder: "FILE",
      help: "Default: the bill's number, in this folder",
    },
    force: { type: "boolean", help: "Overwrite a file that is there" },
    json: { type: "boolean", help: "One JSON document, without the PDF" },
  },
  help:
    `Asks the running head-end, which draws the bill from what was kept when it was issued: the same
bill every time. It needs no mail server.

  samay bill pdf MH/2026-27/000001 --out bill.pdf`,
  run,
};

async function run({ values, positionals }: ParsedArguments): Promise<number> {
  const { askAsOperator } = await import("../../office/operator.ts");
  const answer = await askAsOperator("bill-pdf", { bill: positionals[0] }) as BillPdf;
  const { number, state, file } = answer;
  const out = typeof values.out === "string" ? values.out : file;
  const bytes = Uint8Array.fromBase64(answer.pdf_base64);
  write(out, bytes, values.force === true);
  console.log(
    values.json === true
      ? JSON.stringify({ number, state, file: out, bytes: bytes.length })
      : `Bill ${number}${state === "void" ? ", which is void," : ""} is in ${out}`,
  );
  return 0;
}

function write(path: string, bytes: Uint8Array, force: boolean): void {
  try {
    Deno.writeFileSync(path, bytes, force ? {} : { createNew: true });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) {
      throw new Failure(`${path} exists already: give another --out, or --force to overwrite it`);
    }
    throw new Failure(`The bill cannot be written: ${(error as Error).message}`);
  }
}
