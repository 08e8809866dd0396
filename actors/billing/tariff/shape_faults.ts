/** What each field of a tariff by itself does not say rightly, in words for who wrote it. */
import type { z } from "../../../protocol/schema.ts";
import { KIND_NAMES } from "./charge.ts";
import { type Fault, type Path, valueAt } from "./coherence/fault.ts";
import { tariffShape } from "./document.ts";

/** What is said of a field that no tariff has. */
export const UNKNOWN_FIELD = "unknown field";

const TYPES: Readonly<Record<string, string>> = {
  int: "a whole number",
  number: "a number",
  string: "text",
  boolean: "true or false",
  array: "a list, [...]",
  object: "an object, {...}",
  record: "an object, {...}",
  null: "null",
};

export function shapeFaults(raw: unknown): Fault[] {
  const result = tariffShape.safeParse(raw);
  if (result.success) return [];
  return result.error.issues.flatMap((issue): Fault[] => {
    const path = issue.path as Path;
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({ path: [...path, key], message: UNKNOWN_FIELD }));
    }
    if (path.length > 0 && valueAt(raw, ...path) === undefined) {
      return [{ path, message: "is missing" }];
    }
    return [{ path, message: wordsOf(issue) }];
  });
}

function wordsOf(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${TYPES[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `must be one of ${issue.values.join(", ")}`;
    case "invalid_union":
      if (issue.path.at(-1) === "kind") return `must be one of ${KIND_NAMES.join(", ")}`;
      if (issue.path.at(-1) === "phase") return "must be 1 or 3";
      return 'must be paise, or paise by phases as {"1": 12800, "3": null}';
    case "too_small":
      return `must ${boundOf(issue.origin, "at least", issue.minimum, issue.inclusive === true)}`;
    case "too_big":
      return `must ${boundOf(issue.origin, "at most", issue.maximum, issue.inclusive === true)}`;
    default:
      return `must be ${issue.message}`;
  }
}

function boundOf(origin: string, word: string, bound: number | bigint, inclusive: boolean): string {
  if (!inclusive) return `be ${word === "at least" ? "more" : "less"} than ${bound}`;
  if (origin === "string") return `have ${word} ${bound} letters`;
  return origin === "array" ? `have ${word} ${bound} in its list` : `be ${word} ${bound}`;
}
