/** Names that are always the same for the same thing: UUIDs of version 5 (RFC 9562). */
import { createHash } from "node:crypto";

/** Our own name space: made once, at random. */
const NAMESPACE = "6f1d7c58-3b0e-4d3c-9a52-0c8a3e2f71b4";

/** The UUID of `name`. */
export function uuidOf(name: string): string {
  const bytes = createHash("sha1").update(NAMESPACE.replaceAll("-", ""), "hex").update(name)
    .digest().subarray(0, 16);
  bytes[6] = bytes[6]! & 0x0f | 0x50;
  bytes[8] = bytes[8]! & 0x3f | 0x80;
  const hex = bytes.toString("hex");
  return [8, 12, 16, 20, 32].map((end, i, ends) => hex.slice(ends[i - 1] ?? 0, end)).join("-");
}
