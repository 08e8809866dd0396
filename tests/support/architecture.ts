/**
 * The rules of the structure, checked on source text so that they can be checked on planted faults
 * too. What they stand for: `protocol/` is bytes and arithmetic, `actors/` decides, `streams/` does.
 */
import { dirname, join, normalize } from "node:path/posix";

/** Path from the root of the project -> source text. */
export type Sources = Readonly<Record<string, string>>;

export interface Violation {
  readonly rule: "direction" | "vendor" | "purity" | "cycle" | "length";
  readonly file: string;
  readonly what: string;
}

export interface Rules {
  /** For each room, the rooms it may import besides itself. */
  readonly directions: Readonly<Record<string, readonly string[]>>;
  /** For each vendor (as in the import map), the one file that may import it. */
  readonly vendors: Readonly<Record<string, string>>;
  /** Names that may not occur in the rooms that decide. */
  readonly pureRooms: readonly string[];
  readonly lines_max: number;
}

/**
 * `source` without comments, and with strings and templates emptied when `emptyStrings`. Enough of a
 * scanner for our own code; a regular expression literal with a quote in it is the one thing it
 * could mistake, so those are recognised after an operator or an opening bracket.
 */
export function stripped(source: string, emptyStrings: boolean): string {
  const token =
    /\/\/[^\n]*|\/\*[\s\S]*?\*\/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`|(?<=[=(,:[!&|?;{}\n]\s*)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n])+\/[a-z]*/g;
  return source.replace(token, (found) => {
    if (found.startsWith("//") || found.startsWith("/*")) return " ";
    if (!emptyStrings) return found;
    // What a template computes is code and stays; the text around it goes.
    if (found.startsWith("`")) {
      return [...found.matchAll(/\$\{([^}]*)\}/g)].map((m) => m[1]).join(" ");
    }
    return '""';
  });
}

export interface Import {
  readonly specifier: string;
  /** `import type`: gone at run time, so it makes no cycle; directions hold for it all the same. */
  readonly typeOnly: boolean;
  readonly lazy: boolean;
}

/** Every static, re-exporting and dynamic import with a literal specifier. */
export function importsOf(source: string): Import[] {
  const code = stripped(source, false);
  const found: Import[] = [];
  const declared =
    /(?:^|[;\n}])\s*(import|export)\s+(type\s)?(?:[\w$*{][^;"']*?\sfrom\s*)?["']([^"']+)["']/g;
  for (const [, , type, specifier] of code.matchAll(declared)) {
    found.push({ specifier: specifier!, typeOnly: type !== undefined, lazy: false });
  }
  for (const [, specifier] of code.matchAll(/\bimport\(\s*["']([^"']+)["']/g)) {
    found.push({ specifier: specifier!, typeOnly: false, lazy: true });
  }
  return found;
}

const roomOf = (file: string) => file.includes("/") ? file.slice(0, file.indexOf("/")) : file;

function target(file: string, specifier: string): string | undefined {
  return specifier.startsWith(".") ? normalize(join(dirname(file), specifier)) : undefined;
}

/** The key of `vendors` that `specifier` belongs to: the package, without a path inside it. */
export function vendorOf(specifier: string): string | undefined {
  if (specifier.startsWith(".") || specifier.startsWith("node:")) return undefined;
  const bare = specifier.replace(/^(?:npm|jsr):\/?/, "").split("/");
  const name = bare[0]!.startsWith("@") ? bare.slice(0, 2).join("/") : bare[0]!;
  return name.replace(/(?<=.)@[^@/]*$/, "");
}

function directionFaults(file: string, imports: readonly Import[], rules: Rules): string[] {
  const room = roomOf(file);
  const allowed = rules.directions[room];
  if (allowed === undefined) return [`${room} is not a room of the design`];
  return imports.flatMap(({ specifier }) => {
    const to = target(file, specifier);
    if (to === undefined || roomOf(to) === room || allowed.includes(roomOf(to))) return [];
    return [`imports ${to}; ${room} may import only ${[room, ...allowed].join(", ")}`];
  });
}

function vendorFaults(file: string, imports: readonly Import[], rules: Rules): string[] {
  return imports.flatMap(({ specifier }) => {
    const vendor = vendorOf(specifier);
    if (vendor === undefined || rules.vendors[vendor] === file) return [];
    const place = rules.vendors[vendor];
    return [
      place === undefined
        ? `imports ${specifier}, which no file is named for in the table of vendors`
        : `imports ${specifier}, which is for ${place} alone`,
    ];
  });
}

const IMPURE: readonly (readonly [RegExp, string])[] = [
  [/\bDate\.now\b/, "Date.now"],
  [/\bnew Date\(\s*\)/, "new Date()"],
  [/(?<!new )\bDate\(\s*\)/, "Date()"],
  [/\bMath\.random\b/, "Math.random"],
  [/\bcrypto\.(?:getRandomValues|randomUUID)\b/, "random numbers"],
  [/\b(?:setTimeout|setInterval|setImmediate|queueMicrotask)\b/, "a timer"],
  [/\bAbortSignal\.timeout\b/, "a timer"],
  [/\bperformance\b/, "performance"],
  [/\bDeno\b/, "Deno"],
  [/\bprocess\b\s*\./, "process"],
  [/\bconsole\./, "console"],
  [/\bfetch\(/, "fetch"],
  [/\bTemporal\.Now\b/, "Temporal.Now"],
];

function purityFaults(file: string, source: string, imports: readonly Import[], rules: Rules) {
  if (!rules.pureRooms.includes(roomOf(file))) return [];
  const code = stripped(source, true);
  const named = IMPURE.filter(([pattern]) => pattern.test(code)).map(([, name]) => `uses ${name}`);
  const io = imports.filter(({ specifier }) =>
    specifier.startsWith("node:") && !["node:crypto"].includes(specifier)
  );
  return [...named, ...io.map(({ specifier }) => `imports ${specifier}`)];
}

/** One cycle of imports as a path, or undefined. Types and lazy imports are not part of one. */
export function findCycle(sources: Sources): string[] | undefined {
  const edges = new Map(
    Object.entries(sources).map(([file, source]) => [
      file,
      importsOf(source).filter(({ typeOnly, lazy }) => !typeOnly && !lazy)
        .map(({ specifier }) => target(file, specifier))
        .filter((to): to is string => to !== undefined && to in sources),
    ]),
  );
  const done = new Set<string>();
  const visit = (file: string, path: string[]): string[] | undefined => {
    if (path.includes(file)) return [...path.slice(path.indexOf(file)), file];
    if (done.has(file)) return undefined;
    for (const to of edges.get(file) ?? []) {
      const cycle = visit(to, [...path, file]);
      if (cycle !== undefined) return cycle;
    }
    done.add(file);
    return undefined;
  };
  for (const file of edges.keys()) {
    const cycle = visit(file, []);
    if (cycle !== undefined) return cycle;
  }
  return undefined;
}

/** Every breach of `rules` in `sources`. */
export function checkArchitecture(sources: Sources, rules: Rules): Violation[] {
  const violations: Violation[] = [];
  for (const [file, source] of Object.entries(sources)) {
    const imports = importsOf(source);
    const add = (rule: Violation["rule"], whats: readonly string[]) =>
      violations.push(...whats.map((what) => ({ rule, file, what })));
    add("direction", directionFaults(file, imports, rules));
    add("vendor", vendorFaults(file, imports, rules));
    add("purity", purityFaults(file, source, imports, rules));
    const lines = source.trimEnd().split("\n").length;
    if (lines > rules.lines_max) add("length", [`has ${lines} lines, at most ${rules.lines_max}`]);
  }
  const cycle = findCycle(sources);
  if (cycle !== undefined) {
    violations.push({ rule: "cycle", file: cycle[0]!, what: cycle.join(" -> ") });
  }
  return violations;
}
