/** The file of registered texts (DLT): data that a utility brings with it, checked as a whole. */
import {
  type Template,
  templateFaults,
  VARIABLE_NAMES,
} from "../../actors/notification/template.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { parseJson, z } from "../../protocol/schema.ts";

const registryId = z.string().regex(/^\d{10,25}$/, "10 to 25 digits, as the registry gave it");

const dltFile = z.strictObject({
  /** The principal entity at the registry. */
  entity_id: registryId,
  /** The sender id that texts come from. */
  header: z.string().regex(/^[A-Za-z0-9]{3,11}$/, "3 to 11 letters and digits")
    .regex(/[A-Za-z]/, "a letter at least"),
  templates: z.array(z.strictObject({
    template_id: registryId,
    kind: z.enum(["bill", "reminder"]),
    language: z.enum(["en", "mr"]),
    /** In place of the file's. */
    header: z.string().regex(/^[A-Za-z0-9]{3,11}$/).optional(),
    text: z.string().min(1).max(1_000),
    variables: z.array(z.enum(VARIABLE_NAMES)).max(20),
  })).min(1).max(100),
});

export interface DltBook {
  readonly entity_id: string;
  readonly templates: readonly Template[];
}

/** The book in the JSON `text`. Throws `TerminalError` with every fault, by template. */
export function readDltBook(text: string, name: string): DltBook {
  const { entity_id, header, templates } = parseJson(dltFile, text, name);
  const faults: string[] = [];
  const seen = new Set<string>();
  const book = templates.map((given) => {
    const template = { ...given, header: given.header ?? header };
    for (const fault of templateFaults(template)) faults.push(`${given.template_id}: ${fault}`);
    const place = `${given.kind} in ${given.language}`;
    if (seen.has(place)) faults.push(`${given.template_id}: a second text for a ${place}`);
    seen.add(place);
    return template;
  });
  if (faults.length > 0) throw new TerminalError(`${name}: ${faults.join("; ")}`);
  return { entity_id, templates: book };
}

/** The book in the file at `path`. */
export async function loadDltBook(path: string): Promise<DltBook> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw new TerminalError(`SAMAY_DLT_FILE ${path} cannot be read: ${(error as Error).message}`);
  }
  return readDltBook(text, `SAMAY_DLT_FILE ${path}`);
}
