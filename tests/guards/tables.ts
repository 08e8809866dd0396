/** Every table of guards beside this file, by the name of its room. */
import type { Guard } from "./guard.ts";

const HERE = new URL("./", import.meta.url);
const NO_TABLES = ["guard.ts", "tables.ts", "page.ts", "sabotage.ts", "run.ts"];

/** Rooms in the order of their names; each with at least one guard. */
export async function guardTables(): Promise<ReadonlyMap<string, readonly Guard[]>> {
  const names = [...Deno.readDirSync(HERE)].map(({ name }) => name)
    .filter((name) => name.endsWith(".ts") && !NO_TABLES.includes(name)).sort();
  const tables = new Map<string, readonly Guard[]>();
  for (const name of names) {
    const { guards } = await import(new URL(name, HERE).href) as { guards?: readonly Guard[] };
    if (guards === undefined || guards.length === 0) {
      throw new TypeError(`tests/guards/${name} exports no guards`);
    }
    tables.set(name.replace(/\.ts$/, ""), guards);
  }
  return tables;
}
