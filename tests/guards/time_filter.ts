/** The rules of one server's filter, and of what several say together. */
import type { Guard } from "./guard.ts";

const FILTER = {
  file: "protocol/ntp/source_filter.ts",
  test: "tests/protocol/ntp/discipline_test.ts",
};
const SIMULATION = "tests/simulation/clock/clock_test.ts";

const filter: readonly Guard[] = [
  {
    ...FILTER,
    rule: "A step below the cap is followed when several samples confirm it, not before",
    source: "Time exchange, cap on step",
    find: "const CONFIRMATIONS = 4;",
    replace: "const CONFIRMATIONS = 1;",
    name: "follows a smaller step when the fourth sample in a row confirms it",
  },
  {
    ...FILTER,
    rule: "Samples confirm a step only when they agree with each other",
    source: "Time exchange, cap on step",
    find: "if (common === undefined) this.#doubted = [];",
    replace: "",
    name: "does not follow strange samples that contradict each other",
  },
  {
    ...FILTER,
    file: "protocol/ntp/delays.ts",
    rule: "A delay outlier is dropped, once",
    source: "Time exchange, estimator",
    find: "const outlier = !this.#dropped && ",
    replace: "const outlier = ",
    name: "drops one packet that was held up, and takes the next such one",
  },
  {
    file: "protocol/ntp/delays.ts",
    test: SIMULATION,
    rule: "A packet that took longer than the quickest counts less",
    source: "Time exchange, measurement noise",
    find: "return (excess_s * 0.75) ** 2 + ",
    replace: "return this.spread_s ** 2 + ",
    name: "asymmetric jitter",
  },
  {
    file: "protocol/ntp/source_filter.ts",
    test: SIMULATION,
    rule: "The frequency is learned together with the offset",
    source: "Time exchange, two-state Kalman filter",
    find: "return { ...pulled, frequency };",
    replace: "return { ...pulled, frequency: 0 };",
    name: "steady",
  },
  {
    file: "protocol/ntp/wander.ts",
    test: "tests/protocol/ntp/wander_test.ts",
    rule: "The filter learns how strongly the frequency wanders",
    source: "Time exchange, process noise",
    find: "this.#value = Math.min(WANDER_MAX, Math.max(WANDER_MIN, next));",
    replace: "",
    name: "grows while prediction errors keep their sign",
  },
  {
    ...FILTER,
    rule: "The clock stays within what the quickest packets make certain",
    source: "Time exchange, cap on delay",
    find: "const offset_s = within(box, state.offset_s, this.#delayMax_s);",
    replace: "const offset_s = state.offset_s;",
    name: "never leaves what a quick packet makes certain",
  },
  {
    file: "protocol/ntp/box.ts",
    test: "tests/protocol/ntp/box_test.ts",
    rule: "Held back packets move a clock by no more than half of the delay cap",
    source: "Time exchange, cap on delay",
    find: "Math.min(half_s, delayMax_s / 2 - half_s)",
    replace: "half_s",
    name: "is wrong by no more than half of the cap",
  },
  {
    ...FILTER,
    rule: "Held back packets teach no frequency beyond the oscillator's worst drift",
    source: "Time exchange, cap on delay",
    find: "const possible = Math.min(high, Math.max(low, pulled.frequency));",
    replace: "const possible = pulled.frequency;",
    name: "learns no frequency beyond the worst drift from packets held back",
  },
  {
    file: "protocol/ntp/source_filter.ts",
    test: SIMULATION,
    rule: "The stated bound counts what is not known of the frequency, also under attack",
    source: "Time exchange, holdover",
    find: "const drift = Math.max(this.#driftMax, high - state.frequency, state.frequency - low);",
    replace: "const drift = this.#driftMax;",
    name: "delaying attacker",
  },
  {
    file: "protocol/ntp/exchange.ts",
    test: SIMULATION,
    rule: "A part of the delay cap is kept for the pause until the next answer",
    source: "Time exchange, cap on delay",
    find: "const DELAY_TAKEN = 31 / 32;",
    replace: "const DELAY_TAKEN = 1.1;",
    name: "delaying attacker",
  },
];

const several: readonly Guard[] = [
  {
    file: "protocol/ntp/select.ts",
    test: "tests/protocol/ntp/discipline_test.ts",
    rule: "Of three servers or more, a majority must agree",
    source: "RFC 5905 section 11.2.1",
    find: "return best.length < agreeing_min || best.length * 2 <= candidates.length ? " +
      "undefined : best;",
    replace: "return best;",
    name: "of three servers waits for two that agree and ignores the third",
  },
  {
    file: "protocol/ntp/select.ts",
    test: "tests/protocol/ntp/select_test.ts",
    rule: "A false server in the group does not pull the result beyond an honest one",
    source: "RFC 5905 section 11.2.1",
    find: "if (group.length === 2) {",
    replace: "if (group.length >= 2) {",
    name: "combine() is not pulled beyond an honest server",
  },
  {
    file: "protocol/ntp/select.ts",
    test: "tests/protocol/ntp/select_test.ts",
    rule: "A false server does not state the bound of all",
    source: "TVES/2, clock quality",
    find: "distance_s: bounds[(group.length - 1) >> 1]!,",
    replace: "distance_s: bounds[0]!,",
    name: "combine() does not let one false server state the bound of all",
  },
  {
    file: "protocol/ntp/select.ts",
    test: "tests/protocol/ntp/select_test.ts",
    rule: "Of two groups of one size the one that was expected is right",
    source: "RFC 5905 section 11.2.1",
    find: "expected_s === undefined ? one.distance_s : Math.abs(one.state.offset_s - expected_s);",
    replace: "one.distance_s;",
    name: "truechimers() of two groups of one size takes the one that was expected",
  },
];

export const guards: readonly Guard[] = [...filter, ...several];
