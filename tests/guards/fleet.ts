/** The rules of the load: bounded, counted once, and never a number twice; and of reading enrolments. */
import type { Guard } from "./guard.ts";

const SCHEDULE = {
  file: "streams/fleet/schedule.ts",
  test: "tests/streams/fleet/schedule_test.ts",
};
const CONFIRMATIONS = {
  file: "streams/fleet/confirmations.ts",
  test: "tests/streams/fleet/confirmations_test.ts",
};
const REASONS = {
  file: "streams/fleet/reasons.ts",
  test: "tests/streams/fleet/confirmations_test.ts",
};
const CHECK = {
  file: "protocol/messages/enrolment_check.ts",
  test: "tests/protocol/enrolment_check_test.ts",
};

export const guards: readonly Guard[] = [
  {
    ...SCHEDULE,
    rule: "A second run of the load uses no sequence number of the first",
    source: "a boot and a sequence are used once",
    find: "    this.#firstSequence = 1 + (Math.floor(begin_ms) % MS_A_DAY) * NUMBERS_A_MS;",
    replace: "    this.#firstSequence = 1;",
    name: "FleetSchedule never uses a number of an earlier run again",
  },
  {
    ...SCHEDULE,
    rule: "Two readings of one simulated meter have two moments",
    source: "the identity of a reading",
    find: "    if (!(rate > 0 && rate <= max)) {",
    replace: "    if (!(rate > 0)) {",
    name: "FleetSchedule never uses a number of an earlier run again",
  },
  {
    ...SCHEDULE,
    rule: "A load has a highest rate, and so an end of what it remembers",
    source: "limits",
    find: "  return Math.min(RATE_MAX, meters * A_METER_A_SECOND_MAX);",
    replace: "  return meters * A_METER_A_SECOND_MAX;",
    name: "FleetSchedule never uses a number of an earlier run again",
  },
  {
    ...CONFIRMATIONS,
    rule: "A reading that is confirmed again counts once",
    source: "what the load reports",
    find: "    if (this.#done[at]! & bit) return;",
    replace: "",
    name: "Confirmations counts each reading of this run once",
  },
  {
    ...REASONS,
    rule: "Reasons of refusals are counted up to a limit of them",
    source: "limits",
    find: "this.#counts.size < REASONS_MAX;",
    replace: "this.#counts.size < Infinity;",
    name: "Confirmations counts refusals by reason",
  },
  {
    ...REASONS,
    rule: "What stream and masters refuse with the same words is counted together",
    source: "what the load reports",
    find: "    for (const { counts } of [this, others]) {",
    replace: "    for (const { counts } of [others]) {",
    name: "Reasons of two that were put together",
  },
  {
    file: "streams/jetstream/ack_window.ts",
    test: "tests/streams/fleet/run_test.ts",
    rule: "The load has no more frames on their way than its window",
    source: "limits",
    find: '    if (place === undefined) throw new RangeError("The window is full");',
    replace: "    if (place === undefined) return;",
    name: "AckWindow lets no more on their way than it has places",
  },
  {
    file: "streams/jetstream/ack_window.ts",
    test: "tests/streams/fleet/run_test.ts",
    rule: "A refusal by the stream is not counted as an acknowledgement",
    source: "what the load reports",
    find: "  if (message.data[FIRST_OF_ACK] === S) return undefined;",
    replace: "  if (message.data[FIRST_OF_ACK] !== 0) return undefined;",
    name: "AckWindow lets no more on their way than it has places",
  },
  {
    ...CHECK,
    rule: "The narrow check of an enrolment takes nothing that the schema does not take",
    source: "bad input changes nothing",
    find: "    keys.length >= 1 && keys.length <= GENERATIONS_KEPT && keys.every(isWrappedKey) &&",
    replace: "    keys.length >= 1 && keys.every(isWrappedKey) &&",
    name: "isPlainEnrolment() judges every field as the schema does",
  },
  {
    ...CHECK,
    rule: "What is wrong with an enrolment is said without quoting it: it may hold a key",
    source: "secrets are in no log",
    find: "    return parseJson(enrolment, text, what); // Says it in its own words.",
    replace: "    throw new TypeError(`${what}: ${text}`);",
    name: "readEnrolment() names the fault",
  },
  {
    file: "tests/soak/verdict.ts",
    test: "tests/soak/soak_test.ts",
    rule: "The soak fails for memory that rises slowly",
    source: "memory is bounded for an hour",
    find: "higher <= allowed && rise <= allowed,",
    replace: "higher <= allowed,",
    name: "judge() finds memory that rises",
  },
  {
    file: "tests/soak/verdict.ts",
    test: "tests/soak/soak_test.ts",
    rule: "The soak fails for memory that has stepped up",
    source: "memory is bounded for an hour",
    find: "higher <= allowed && rise <= allowed,",
    replace: "rise <= allowed,",
    name: "judge() finds memory that rises",
  },
  {
    file: "tests/bench/headend/stage.ts",
    test: "tests/bench/headend/stage_test.ts",
    rule: "A soak or a bench that is interrupted ends all that it started",
    source: "processes and files",
    find: "  const endAll = () => ending ??= endOneByOne(ends);",
    replace: "  const endAll = () => Promise.resolve(ending);",
    name: "a stage that is interrupted ends its broker",
  },
];
