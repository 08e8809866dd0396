/** From a wrapped key, as an enrolment keeps it, to the keys of its seconds. */
import type { WrappedKey } from "../messages/enrolment.ts";
import { HeadEndKeys } from "./keys.ts";
import { unwrapKey } from "./wrap.ts";

/**
 * The keys of `meterId` under one generation. Throws `TerminalError` when the wrapped key does not
 * open with `kek`, the key-encryption key.
 */
export function headEndKeysOf(meterId: string, wrapped: WrappedKey, kek: Uint8Array): HeadEndKeys {
  const { generation, enrolment_day: enrolmentDay } = wrapped;
  const key = unwrapKey({ kek, wrapped: wrapped.wrapped_key, meterId, generation });
  return new HeadEndKeys({ key, generation, enrolmentDay, meterId });
}
