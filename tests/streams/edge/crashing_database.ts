/** A database at which the process dies, or an error comes, at a chosen statement. */
import type { Database } from "../../../streams/edge/database.ts";

export class Crash extends Error {}

export interface Crashing {
  readonly database: Database;
  /** Statements that were begun. */
  count(): number;
}

/**
 * `database`, whose statement number `at` (from 1) throws instead of being done, or after it was done.
 * With `forGood` all later ones throw as well: nothing of the process comes to the disk any more.
 */
export function crashing(
  database: Database,
  at: number,
  when: "before" | "after",
  forGood: boolean,
): Crashing {
  let count = 0;
  const attempt = <T>(statement: () => T): T => {
    count++;
    if (forGood && count > at) throw new Crash("dead");
    if (count !== at) return statement();
    if (when === "after") statement();
    throw new Crash(`at statement ${at}`);
  };
  const guarded = {
    exec: (sql: string) => attempt(() => database.exec(sql)),
    prepare: (sql: string) => {
      const statement = database.prepare(sql);
      return {
        run: (...given: never[]) => attempt(() => statement.run(...given)),
        get: (...given: never[]) => attempt(() => statement.get(...given)),
        all: (...given: never[]) => attempt(() => statement.all(...given)),
      };
    },
  };
  return { database: guarded as unknown as Database, count: () => count };
}
