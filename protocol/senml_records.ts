/** Any SenML pack in CBOR as records with text labels, for people who look into a frame. */
import { decodeCbor } from "./cbor.ts";
import { PACK_LENGTH_MAX } from "./senml.ts";
import { LABEL } from "./senml_labels.ts";

/** One record as it stands in the pack: base fields are not resolved into the others. */
export type SenmlRecord = Readonly<Record<string, string | number | boolean>>;

const TEXT = new Set(["bn", "bu", "n", "u", "vs"]);

/**
 * What a name may be once the base name stands before it (RFC 8428 section 4.5.1). There a name begins
 * with a letter or digit; a meter's name may begin with - or _, and its packs are to be seen too.
 */
const RESOLVED_NAME = /^[A-Za-z0-9:./_-]+$/;

/**
 * The records of the pack that `bytes` hold, or `null` when they hold none (RFC 8428 section 6). Takes
 * every field of SenML, not only those that our sealing side writes; a data value is given in
 * base64url, as SenML's JSON form has it. Never throws.
 */
export function recordsOf(bytes: Uint8Array): SenmlRecord[] | null {
  if (bytes.length > PACK_LENGTH_MAX) return null;
  const pack = decodeCbor(bytes);
  if (!Array.isArray(pack) || pack.length === 0) return null;
  const records: SenmlRecord[] = [];
  let baseName = "";
  for (const item of pack) {
    const record = recordOf(item);
    if (record === undefined) return null;
    baseName = String(record.bn ?? baseName);
    if (!RESOLVED_NAME.test(`${baseName}${record.n ?? ""}`)) return null;
    records.push(record);
  }
  return records;
}

function recordOf(item: unknown): SenmlRecord | undefined {
  if (!(item instanceof Map)) return undefined;
  for (const label of item.keys()) if (!isPassable(label)) return undefined;
  const record: Record<string, string | number | boolean> = {};
  for (const [name, label] of Object.entries(LABEL)) {
    if (!item.has(label)) continue;
    const field = fieldOf(name, item.get(label));
    if (field === undefined) return undefined;
    record[name] = field;
  }
  return record;
}

/** Unknown fields are passed over, save those that say they must be understood (section 4.4). */
function isPassable(label: unknown): boolean {
  return typeof label === "string" ? !label.endsWith("_") : Number.isInteger(label);
}

function fieldOf(name: string, value: unknown): string | number | boolean | undefined {
  if (TEXT.has(name)) return typeof value === "string" ? value : undefined;
  if (name === "vb") return typeof value === "boolean" ? value : undefined;
  if (name === "vd") return value instanceof Uint8Array ? base64url(value) : undefined;
  return typeof value === "number" ? value : undefined;
}

function base64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
