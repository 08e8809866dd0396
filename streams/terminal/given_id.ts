/** The name of a meter, slave or account as a person typed it. */
import { ID_LENGTH_MAX, isId } from "../../protocol/subjects.ts";
import { UsageError } from "./command.ts";

/** `text`, or `UsageError` where it can be no name; `what` is the option or the argument. */
export function givenId(what: string, text: string): string {
  if (isId(text)) return text;
  const shown = text.length > 2 * ID_LENGTH_MAX ? `${text.slice(0, 2 * ID_LENGTH_MAX)}...` : text;
  throw new UsageError(`${what} is 1 to ${ID_LENGTH_MAX} letters, digits, - or _, not "${shown}"`);
}
