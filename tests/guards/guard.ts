/**
 * A rule, the mechanism that keeps it, and the test that goes red without the mechanism.
 *
 * `deno task guards` takes each mechanism out of a copy of the sources and runs its test there: a
 * guard whose test stays green is a fault. The tables beside this file hold one room each.
 */
export interface Guard {
  /** The rule in one sentence, as one would say it to a person. */
  readonly rule: string;
  /** Where it comes from: `TVES/2, opening, step 3`, `RFC 5905 section 8`. */
  readonly source: string;
  /** The file that holds the mechanism, from the root of the project. */
  readonly file: string;
  /** Text that stands in that file exactly once, and what to put in its place to take it out. */
  readonly find: string;
  readonly replace: string;
  /** The test file that must go red, and the name of a test in it or a part of the name. */
  readonly test: string;
  readonly name: string;
}
