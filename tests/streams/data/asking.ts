/** Asks the verbs of data as a command does, without a broker between: through JSON both ways. */
import { utf8 } from "../../../protocol/bytes.ts";
import { dataVerbs } from "../../../streams/office/data_verbs.ts";
import type { OfficeContext } from "../../../streams/office/office.ts";
import type { Ask } from "../../../streams/office/operator.ts";

export function askOf(context: OfficeContext): Ask {
  return async (name, input) => {
    const result = await dataVerbs[name]!.handle(utf8(JSON.stringify(input)), name, context);
    const text = JSON.stringify(result ?? null);
    // What the broker takes in one message.
    if (text.length > 1_000_000) throw new Error(`${name} answers with ${text.length} bytes`);
    return JSON.parse(text);
  };
}
