/** Names that a JSON text has twice in one object: its parser takes the last without a word. */

/** Strings, signs, and everything else that stands together (RFC 8259 section 2). */
const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;

interface Level {
  /** Names so far, of an object; null for a list. */
  readonly names: Set<string> | null;
  /** Where one is: the name in an object, the number in a list. */
  at: string | number;
}

/** The place of each name of `text`, which is JSON, that its object had before. */
export function repeatedKeys(text: string): (string | number)[][] {
  const found: (string | number)[][] = [];
  const levels: Level[] = [];
  let nameNext = false;
  for (const [token] of text.matchAll(TOKEN)) {
    const level = levels.at(-1);
    if (token === "{" || token === "[") {
      nameNext = token === "{";
      levels.push(nameNext ? { names: new Set(), at: "" } : { names: null, at: 0 });
    } else if (token === "}" || token === "]") {
      levels.pop();
      nameNext = false;
    } else if (token === ",") {
      nameNext = level?.names !== null;
      if (level !== undefined && !nameNext) level.at = Number(level.at) + 1;
    } else if (token !== ":" && nameNext) {
      const name: string = JSON.parse(token);
      level!.at = name;
      if (level!.names!.has(name)) found.push(levels.map(({ at }) => at));
      level!.names!.add(name);
      nameNext = false;
    }
  }
  return found;
}
