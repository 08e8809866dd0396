/** One block through AES, step by step, as text beside which one can lay the standard's appendix. */
import { toHex } from "../../protocol/bytes.ts";
import { type AesStep, type AesTrace, traceBlock } from "../../protocol/paper/aes.ts";
import { expandKey } from "../../protocol/paper/aes_key.ts";

/** FIPS-197 appendix B. */
export const EXAMPLE_KEY = "2b7e151628aed2a6abf7158809cf4f3c";
export const EXAMPLE_BLOCK = "3243f6a8885a308d313198a2e0370734";

/** What each step does, in one line. */
const MEANING: readonly (readonly [string, string])[] = [
  ["KeyExpansion", "makes a round key of 16 bytes for the start and each round"],
  ["SubBytes", "each byte through the S-box: inverse in GF(2^8), affine map"],
  ["ShiftRows", "turns row 0, 1, 2, 3 left by 0, 1, 2, 3 bytes"],
  ["MixColumns", "multiplies each column with a fixed matrix; not in the last"],
  ["AddRoundKey", "XORs the round key; the sum is the start of the next round"],
];

const GAP = "   ";
const MATRIX_WIDTH = 11;

export interface AesWalk {
  readonly key: string;
  readonly block: string;
  readonly rounds: number;
  readonly roundKeys: readonly string[];
  readonly steps: readonly {
    readonly round: number;
    readonly step: AesStep;
    readonly state: string;
  }[];
  readonly output: string;
}

/** The walk as a document. Throws `RangeError` when key or block has another length. */
export function walkAes(key: Uint8Array, block: Uint8Array): AesWalk {
  const trace = traceBlock(key, block);
  const roundKeys = expandKey(key);
  return {
    key: toHex(key),
    block: toHex(block),
    rounds: roundKeys.length - 1,
    roundKeys: roundKeys.map(toHex),
    steps: trace.map(({ round, step, state }) => ({ round, step, state: toHex(state) })),
    output: toHex(trace.at(-1)!.state),
  };
}

export type Painter = (style: "bold" | "dim" | "cyan" | "yellow" | "green", text: string) => string;

interface Matrix {
  readonly title: string;
  readonly bytes: Uint8Array;
  readonly style?: "yellow" | "green";
}

/** The walk as people read it: the meaning of each step, then a band of 4 x 4 matrices a round. */
export function describeAes(key: Uint8Array, block: Uint8Array, paint: Painter): string {
  const trace = traceBlock(key, block);
  const rounds = trace.at(-1)!.round;
  const width = Math.max(...MEANING.map(([step]) => step.length));
  const bands = Array.from({ length: rounds + 1 }, (_, round) => {
    const title = paint("bold", titleOf(round, rounds));
    return `${title}\n${band(matricesOf(trace, round), paint)}`;
  });
  return [
    `AES-${8 * key.length} of one block, FIPS-197: ${rounds} rounds`,
    `  key    ${toHex(key)}`,
    `  block  ${toHex(block)}`,
    "",
    ...MEANING.map(([step, meaning]) => `  ${paint("cyan", step.padEnd(width))}  ${meaning}`),
    "",
    "A state is 4 rows by 4 columns, filled from the top of each column.",
    "",
    bands.join("\n\n"),
    "",
    `Ciphertext  ${paint("green", toHex(trace.at(-1)!.state))}`,
  ].join("\n");
}

function titleOf(round: number, rounds: number): string {
  if (round === 0) return "Before round 1: the block and the key itself";
  return round === rounds ? `Round ${round}, the last: no MixColumns` : `Round ${round}`;
}

function matricesOf(trace: readonly AesTrace[], round: number): Matrix[] {
  const own = trace.filter((one) => one.round === round);
  const start = trace[trace.indexOf(own[0]!) - 1];
  const matrices: Matrix[] = start === undefined ? [] : [{ title: "start", bytes: start.state }];
  for (const { step, state, roundKey } of own) {
    if (roundKey) matrices.push({ title: "+ round key", bytes: roundKey, style: "yellow" });
    // The sum is the start of the next round and stands there; only the ends show it here.
    const last = trace.at(-1)!.state === state;
    if (step !== "AddRoundKey" || last) {
      const title = last ? "= output" : step === "Input" ? "input" : step;
      matrices.push({ title, bytes: state, ...(last && { style: "green" as const }) });
    }
  }
  return matrices;
}

function band(matrices: readonly Matrix[], paint: Painter): string {
  const line = (cells: readonly string[]) => `  ${cells.join(GAP)}`.trimEnd();
  const head = line(matrices.map(({ title }) => paint("cyan", title.padEnd(MATRIX_WIDTH))));
  const rows = [0, 1, 2, 3].map((row) =>
    line(matrices.map(({ bytes, style }) => {
      const text = [0, 4, 8, 12].map((column) =>
        toHex(bytes.subarray(row + column, row + column + 1))
      )
        .join(" ");
      return style === undefined ? text : paint(style, text);
    }))
  );
  return [head, ...rows].join("\n");
}
