/** From the command line to the office: a file in pieces, and then the verb that takes it. */
import { askOffice } from "./client.ts";
import { configurationOf } from "../configuration/roles.ts";
import { connect } from "../jetstream/connection.ts";
import { linkOptions } from "../roles/link.ts";
import { UPLOAD_PART_BYTES } from "./upload.ts";

/** A file of many rows is one transaction, and takes its time. */
const TIMEOUT_MS = 600_000;

/** The office's result of `verb` for `input` and the file `bytes`. Throws `Failure` for people. */
export async function sendFile(verb: string, input: object, bytes: Uint8Array): Promise<unknown> {
  const broker = await connect(linkOptions(configurationOf("operator"), "operator"));
  try {
    const upload_id = crypto.randomUUID();
    const parts = Math.max(1, Math.ceil(bytes.length / UPLOAD_PART_BYTES));
    for (let part = 0; part < parts; part++) {
      const piece = bytes.subarray(part * UPLOAD_PART_BYTES, (part + 1) * UPLOAD_PART_BYTES);
      await askOffice(broker, "upload-part", { upload_id, part, content_base64: piece.toBase64() });
    }
    return await askOffice(broker, verb, { ...input, upload: { upload_id, parts } }, TIMEOUT_MS);
  } finally {
    await broker.close();
  }
}
