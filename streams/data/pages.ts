/** Rows that an office gives page by page, as one stream. */
import type { Ask } from "../office/operator.ts";

/**
 * Every row of `verb` for `input`: the next page is asked for behind `cursorOf` the last row, until one
 * comes that is not full. One page is in memory at a time.
 */
export async function* pagesOf<Row>(
  ask: Ask,
  verb: string,
  input: Readonly<Record<string, unknown>>,
  limit: number,
  cursorOf: (row: Row) => unknown,
): AsyncGenerator<readonly Row[]> {
  let after: unknown;
  while (true) {
    const rows = await ask(verb, {
      ...input,
      limit,
      ...(after === undefined ? {} : { after }),
    }) as Row[];
    if (rows.length > 0) yield rows;
    if (rows.length < limit) return;
    after = cursorOf(rows.at(-1)!);
  }
}
