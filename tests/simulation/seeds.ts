/** The one argument of a report: how many seeds. */

const SEEDS_MAX = 1_000_000;

/** The number of seeds from the command line, else `usual`; anything else ends with exit code 2. */
export function seedsFrom(task: string, usual: number): number {
  const [text = String(usual), ...others] = Deno.args;
  const seeds = /^[0-9]{1,7}$/.test(text) ? Number(text) : NaN;
  if (seeds >= 1 && seeds <= SEEDS_MAX && others.length === 0) return seeds;
  const given = others.length > 0 ? Deno.args.join(" ") : text;
  console.error(
    `${task}: SEEDS is a whole number from 1 to ${SEEDS_MAX}, not "${given}"; ` +
      `usage: deno task ${task} [SEEDS]`,
  );
  Deno.exit(2);
}
