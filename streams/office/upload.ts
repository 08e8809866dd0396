/**
 * `upload-part`: a file that is larger than one message, piece by piece. The pieces lie in the database,
 * since any office may answer, until the verb that they are for takes them.
 */
import { TerminalError } from "../../protocol/errors.ts";
import { z } from "../../protocol/schema.ts";
import { type Kysely, sql } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { verb } from "./office.ts";

/** Bytes of one piece: in base64 and JSON it is below the broker's limit of 1 MB. */
export const UPLOAD_PART_BYTES = 512 << 10;
/** 32 MiB in all. */
const PARTS_MAX = 64;
const BASE64_MAX = Math.ceil(UPLOAD_PART_BYTES / 3) * 4;

export const upload = z.object({
  upload_id: z.uuid(),
  parts: z.int().min(1).max(PARTS_MAX),
});
export type Upload = z.infer<typeof upload>;

export const uploadPart = verb(
  z.object({
    upload_id: z.uuid(),
    part: z.int().min(0).max(PARTS_MAX - 1),
    content_base64: z.base64().max(BASE64_MAX),
  }),
  async (given, { db }) => {
    // What nobody took: its sender is gone.
    await sql`delete from upload_part where at < now() - interval '1 hour'`.execute(db);
    await db.insertInto("upload_part").values(given)
      .onConflict((conflict) => conflict.columns(["upload_id", "part"]).doNothing()).execute();
    return { part: given.part };
  },
);

/** The whole of an upload, whose pieces are gone afterwards. Throws `TerminalError` for one missing. */
export async function takeUpload(
  db: Kysely<Database>,
  { upload_id, parts }: Upload,
): Promise<Uint8Array> {
  const taken = await db.deleteFrom("upload_part").where("upload_id", "=", upload_id)
    .returning(["part", "content_base64"]).execute();
  taken.sort((a, b) => a.part - b.part);
  if (taken.length !== parts || taken.some(({ part }, at) => part !== at)) {
    throw new TerminalError(
      `Of the file ${taken.length} of ${parts} pieces arrived: send it again`,
    );
  }
  const pieces = taken.map(({ content_base64 }) => Uint8Array.fromBase64(content_base64));
  return new Uint8Array(await new Blob(pieces as BlobPart[]).arrayBuffer());
}
