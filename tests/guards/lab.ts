/** The paper's ciphers, the law of the window, the experiment's judgement, and the fence around it. */
import type { Guard } from "./guard.ts";

const AES = "protocol/paper/aes.ts";
const KEY = "protocol/paper/aes_key.ts";
const FIELD = "protocol/paper/gf256.ts";
const LAW = "protocol/paper/condition.ts";
const SPREAD = "protocol/paper/distribution.ts";
const AGREEMENT = "protocol/paper/agreement.ts";
const AES_TEST = "tests/protocol/paper/aes_test.ts";
const LAW_TEST = "tests/protocol/paper/condition_test.ts";
const CIPHERS_TEST = "tests/protocol/paper/ciphers_test.ts";
const EXPERIMENT_TEST = "tests/streams/lab/experiment_test.ts";
const COMMANDS_TEST = "tests/streams/lab/commands_test.ts";
const CONDITION = "TVES/2, the decryption condition";
const PAPER_MODE = "TVES/2, paper mode";

export const guards: readonly Guard[] = [
  {
    rule: "The S-box is the inverse in the field and then the affine map",
    source: "FIPS-197 section 5.1.1",
    file: FIELD,
    find: "return b ^ rotate(b, 1) ^ rotate(b, 2) ^ rotate(b, 3) ^ rotate(b, 4) ^ 0x63;",
    replace: "return b ^ rotate(b, 1) ^ rotate(b, 2) ^ rotate(b, 3) ^ 0x63;",
    test: AES_TEST,
    name: "S_BOX is the table of the standard",
  },
  {
    rule: "The last round has no MixColumns",
    source: "FIPS-197 section 5.1",
    file: AES,
    find: "if (round < rounds) {",
    replace: "if (round <= rounds) {",
    test: AES_TEST,
    name: "traceBlock() shows every state of appendix B",
  },
  {
    rule: "Deciphering undoes the last round without MixColumns too",
    source: "FIPS-197 section 5.3",
    file: AES,
    find: "if (round > 0) inverseMixColumns(state);",
    replace: "inverseMixColumns(state);",
    test: AES_TEST,
    name: "encryptBlock() and decryptBlock() agree with appendix C",
  },
  {
    rule: "ShiftRows turns row r by r bytes",
    source: "FIPS-197 section 5.1.2",
    file: AES,
    find: "const turn = row * times & 3;",
    replace: "const turn = times & 3;",
    test: AES_TEST,
    name: "the plain AES and the library agree",
  },
  {
    rule: "AES-256 substitutes once more in the middle of eight words",
    source: "FIPS-197 section 5.2",
    file: KEY,
    find: "} else if (keyWords > 6 && i % keyWords === 4) {",
    replace: "} else if (keyWords > 8 && i % keyWords === 4) {",
    test: AES_TEST,
    name: "expandKey() gives the words of appendix A",
  },
  {
    rule: "The law of the window is G(W+1) - G(W) - G(-W) + G(-W-1)",
    source: CONDITION,
    file: LAW,
    find: "const inWindow = g(window_s + 1) - g(window_s) - g(-window_s) + g(-window_s - 1);",
    replace: "const inWindow = g(window_s) - g(window_s - 1) - g(-window_s) + g(-window_s - 1);",
    test: LAW_TEST,
    name: "openProbability() agrees with draws",
  },
  {
    rule: "A frame that is lost on the way does not open",
    source: CONDITION,
    file: LAW,
    find: "return (1 - loss) * Math.min(1, Math.max(0, inWindow));",
    replace: "return Math.min(1, Math.max(0, inWindow));",
    test: EXPERIMENT_TEST,
    name: "runExperiment() measures what the law predicts",
  },
  {
    rule: "G is the integral of the distribution function",
    source: CONDITION,
    file: SPREAD,
    find: "integral: (x) => (x - mu) * Phi(z(x)) + sigma * phi(z(x)),",
    replace: "integral: (x) => (x - mu) * Phi(z(x)) - sigma * phi(z(x)),",
    test: LAW_TEST,
    name: "integral() is the integral of cdf()",
  },
  {
    rule: "Every candidate gives a forged frame another chance",
    source: CONDITION,
    file: LAW,
    find: "return -Math.expm1(candidates * forgeries * Math.log1p(-(2 ** -bits)));",
    replace: "return -Math.expm1(forgeries * Math.log1p(-(2 ** -bits)));",
    test: EXPERIMENT_TEST,
    name: "runExperiment() measures what the law predicts",
  },
  {
    rule: "What was measured disagrees when it is too improbable under the law",
    source: CONDITION,
    file: AGREEMENT,
    find: "return Math.min(1, 2 * Math.min(tail(1), tail(-1)));",
    replace: "return Math.min(1, 2 * Math.max(tail(1), tail(-1)));",
    test: EXPERIMENT_TEST,
    name: "judge() would notice a law that is wrong by one second",
  },
  {
    rule: "A frame that opens to another text does not count as opened",
    source: PAPER_MODE,
    file: "protocol/paper/caesar.ts",
    find: "return hasForm(text) ? text : undefined;",
    replace: "return text;",
    test: EXPERIMENT_TEST,
    name: "no system opens a frame to another text",
  },
  {
    rule: "The paper's key depends on the second of the day alone",
    source: PAPER_MODE,
    file: "protocol/paper/aes_paper.ts",
    find: 'const digits = String(secondOfDay(t_s)).padStart(5, "0");',
    replace: 'const digits = String(t_s).padStart(5, "0");',
    test: CIPHERS_TEST,
    name: "timeKey() repeats the digits",
  },
  {
    rule: "Nothing in production imports the paper's ciphers",
    source: PAPER_MODE,
    file: "protocol/tves/suites.ts",
    find: "import { type Aead",
    replace: 'import "../paper/caesar.ts";\nimport { type Aead',
    test: "tests/architecture_test.ts",
    name: "no file outside of the experiment uses paper mode",
  },
  {
    rule: "A key or block of another length is wrong usage, exit code 2",
    source: "samay lab aes",
    file: "streams/terminal/commands/lab_aes.ts",
    find: "if (!digits.includes(text.length)) {",
    replace: "if (text.length > 64) {",
    test: COMMANDS_TEST,
    name: "lab aes refuses keys and blocks of another length",
  },
  {
    rule: "A folder in the place of a file of the report is told before the work",
    source: "samay lab",
    file: "streams/lab/write_report.ts",
    find: "if (!isFolder) continue;",
    replace: "if (name !== REPORT || !isFolder) continue;",
    test: COMMANDS_TEST,
    name: "lab says before the work that a folder stands where a file",
  },
  {
    rule: "Below one percent two digits are shown that tell something",
    source: "samay lab",
    file: "streams/lab/tables.ts",
    find: "value < 1 ? value.toPrecision(2) : value.toFixed(1)",
    replace: "value.toFixed(1)",
    test: "tests/streams/lab/report_test.ts",
    name: "percent() keeps two digits",
  },
  {
    rule: "A name that can be none is wrong usage, exit code 2",
    source: "the command line",
    file: "streams/terminal/given_id.ts",
    find: "if (isId(text)) return text;",
    replace: 'if (text !== "") return text;',
    test: "tests/streams/office/office_test.ts",
    name: "samay meter enrol, list, show and read-now work",
  },
];
