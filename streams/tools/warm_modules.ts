/** Loads every command, so that the runtime compiles all of it once. Run by the set-up. */
import { registry } from "../terminal/registry.ts";

for (const { load } of Object.values(registry)) await load();
Deno.exit(0);
