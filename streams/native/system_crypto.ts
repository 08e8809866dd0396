/** Lets the system's libcrypto serve what it may, once for the whole program. */
import { offerEngine } from "../../protocol/tves/primitives.ts";
import type { Log } from "../terminal/log.ts";
import { loadLibcrypto } from "./libcrypto.ts";

let taken: string | undefined;

/**
 * Says in `log` which library serves from now on, or that the program goes on with what the runtime
 * has: the results are the same, opening a frame takes about four times as long.
 */
export function useSystemCrypto(log: Log): void {
  if (taken === undefined) {
    const library = loadLibcrypto();
    if (library === undefined) {
      return log.info("ciphers of the runtime", { reason: "no libcrypto that may be loaded" });
    }
    const served = offerEngine(library.engine);
    taken = `${library.path} for ${served.join(", ") || "nothing: its answers are wrong"}`;
    const { refused } = library;
    if (refused.length > 0) {
      log.warn("the system's library refuses ciphers: the runtime serves those, and is slower", {
        ...{ library: library.path, refused: refused.join(", ") },
      });
    }
  }
  log.info("ciphers of the system", { library: taken });
}
