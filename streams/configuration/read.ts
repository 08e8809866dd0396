/**
 * Configuration comes from environment variables and nowhere else. Each variable is declared once,
 * with what it expects and what it is for; every fault of a role is reported in one message.
 */
import { TerminalError } from "../../protocol/errors.ts";
import { z } from "../../protocol/schema.ts";

/** One environment variable. */
export interface Variable<T> {
  readonly name: string;
  readonly schema: z.ZodType<T>;
  /** What a right value looks like, for the message about a wrong one. */
  readonly expects: string;
  /** What it is for, for the manual. */
  readonly about: string;
  /** Shown in the manual; the schema applies it. */
  readonly default?: string;
  readonly required?: boolean;
  /** Never printed. `<NAME>_FILE` may name a file that holds it instead. */
  readonly secret?: boolean;
}

export type Environment = Readonly<Record<string, string | undefined>>;
export type ReadText = (path: string) => string;

// deno-lint-ignore no-explicit-any -- the value type of a mixed record of variables
export type Variables = Readonly<Record<string, Variable<any>>>;

export type Values<V extends Variables> = {
  readonly [K in keyof V]: V[K] extends Variable<infer T> ? T : never;
};

/** A check over several variables at once, by key. Returns one sentence a fault. */
export type Rule = (values: Readonly<Record<string, unknown>>) => readonly string[];

interface Raw {
  readonly text: string | undefined;
  readonly fault?: string;
}

/** An empty variable counts as absent: that is what `NAME=` in a compose file means. */
function present(environment: Environment, name: string): string | undefined {
  const text = environment[name]?.trim();
  return text === "" ? undefined : text;
}

function rawValue(variable: Variable<unknown>, environment: Environment, read: ReadText): Raw {
  const direct = present(environment, variable.name);
  if (variable.secret !== true) return { text: direct };
  const fileVariable = `${variable.name}_FILE`;
  const path = present(environment, fileVariable);
  if (path === undefined) return { text: direct };
  if (direct !== undefined) {
    return { text: direct, fault: `${variable.name} and ${fileVariable}: set only one of them` };
  }
  try {
    return { text: read(path).trim() };
  } catch (error) {
    return { text: undefined, fault: `${fileVariable}: ${(error as Error).message}` };
  }
}

function faultOf(variable: Variable<unknown>, text: string | undefined): string {
  if (text === undefined) return `${variable.name} is missing: expected ${variable.expects}`;
  const shown = variable.secret === true ? "(not shown)" : `"${text}"`;
  return `${variable.name} is ${shown}: expected ${variable.expects}`;
}

/**
 * The values of `variables` in `environment`. Throws `TerminalError` that names `role` and, by
 * variable, every fault: missing, malformed, or at odds with another (`rules`).
 */
export function readConfiguration<V extends Variables>(
  role: string,
  variables: V,
  environment: Environment,
  options: { readonly rules?: readonly Rule[]; readonly read?: ReadText } = {},
): Values<V> {
  const read = options.read ?? Deno.readTextFileSync;
  const values: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [key, variable] of Object.entries(variables)) {
    const { text, fault } = rawValue(variable, environment, read);
    if (fault !== undefined) {
      faults.push(fault);
      continue;
    }
    const result = variable.schema.safeParse(text);
    if (!result.success) faults.push(faultOf(variable, text));
    else if (result.data !== undefined) values[key] = result.data;
  }
  for (const rule of options.rules ?? []) faults.push(...rule(values));
  if (faults.length > 0) {
    const count = faults.length === 1 ? "1 fault" : `${faults.length} faults`;
    throw new TerminalError(
      `configuration of ${role} has ${count}: ${faults.join("; ")} (see docs/configuration.md)`,
    );
  }
  return values as Values<V>;
}
