/** The rules of time: what a client believes, how the clock is kept, what a server answers. */
import type { Guard } from "./guard.ts";

const EXCHANGE = { file: "protocol/ntp/exchange.ts", test: "tests/protocol/ntp/exchange_test.ts" };
const DISCIPLINE = {
  file: "protocol/ntp/discipline.ts",
  test: "tests/protocol/ntp/discipline_test.ts",
};
const FILTER = {
  file: "protocol/ntp/source_filter.ts",
  test: "tests/protocol/ntp/discipline_test.ts",
};
const PACE = { file: "protocol/ntp/pace.ts", test: "tests/protocol/ntp/pace_test.ts" };
const RESPOND = { file: "protocol/ntp/respond.ts", test: "tests/protocol/ntp/respond_test.ts" };
const SIMULATION = "tests/simulation/clock/clock_test.ts";
const NAMES = "judgeAnswer() names what is wrong with a bad answer";
const NOT_A_QUESTION = "say nothing to what is no client's question";

/** A check of an answer, one line of `judgeAnswer`, taken out. */
function check(rule: string, source: string, find: string, name = NAMES): Guard {
  return { ...EXCHANGE, rule, source, find, replace: "", name };
}

const answers: readonly Guard[] = [
  check(
    "An answer must carry the 64 random bits of our question",
    "RFC 5905 section 8",
    'if (packet.origin !== question.nonce) return reject("bogus_origin");',
  ),
  check(
    "A question is answered once; later packets are duplicates",
    "RFC 5905 section 8",
    'if (question.answered) return reject("duplicate");',
    "takes one answer to a question and no second one",
  ),
  check(
    "An answer is NTP version 4",
    "RFC 5905 section 7.3",
    'if (packet.version !== 4) return reject("wrong_version");',
  ),
  check(
    "An answer is in server mode",
    "RFC 5905 section 7.3",
    'if (packet.mode !== Mode.server) return reject("wrong_mode");',
  ),
  check(
    "A server that is not synchronised is refused",
    "RFC 5905 section 9.2",
    'if (packet.leap === LEAP_UNSYNCHRONISED) return "unsynchronised";',
  ),
  check(
    "A server beyond stratum 15 is refused",
    "RFC 5905 section 9.2",
    'if (packet.stratum > 15) return "bad_stratum";',
  ),
  check(
    "A timestamp of zero is refused",
    "RFC 5905 section 9.2",
    'if (packet.receive === 0n || packet.transmit === 0n) return "zero_timestamp";',
  ),
  check(
    "Our own transmit timestamp given back as the server's is refused",
    "Time exchange",
    'if (packet.receive === nonce || packet.transmit === nonce) return "equal_timestamps";',
  ),
  check(
    "An answer that left before its question came is refused",
    "Time exchange",
    "if (BigInt.asIntN(64, packet.transmit - packet.receive) < 0n) " +
      'return "reversed_timestamps";',
  ),
  check(
    "A local clock that went back between question and answer is not measured",
    "Time exchange",
    'if (t4_ns < t1_ns) return reject("reversed_timestamps");',
    "refuses an answer that was under way for more than a second",
  ),
  check(
    "A server that shows 1970 or 2100 is refused, also by a clock that was never set",
    "Time exchange",
    'if (t2_ns < EARLIEST_NS) return reject("impossible_time");',
  ),
  {
    ...EXCHANGE,
    rule: "Eras unfold aright by a clock that was never set",
    source: "RFC 5905 section 6",
    find: "t4_ns < EARLIEST_NS ? EARLIEST_NS : t4_ns",
    replace: "t4_ns",
    name: "reads 2026 and 2090 aright by a clock that was never set",
  },
  {
    ...EXCHANGE,
    file: "protocol/ntp/packet.ts",
    rule: "Timestamps unfold across 2036-02-07",
    source: "RFC 5905 section 6",
    find: "const nearest = pivot + BigInt.asIntN(64, timestamp - pivot);",
    replace: "const nearest = timestamp;",
    name: "unfolds the era when the exchange spans 2036-02-07",
  },
  check(
    "A server that held the question for longer than we waited is refused",
    "RFC 5905 section 8",
    'if (measured_s < -NEGATIVE_DELAY_SLACK_S) return reject("negative_delay");',
  ),
  check(
    "A round trip beyond the cap is refused",
    "Time exchange, cap on delay",
    'if (measured_s > delayTaken_s(DELAY_MAX_S)) return reject("delay_too_long");',
    "refuses a round trip beyond the cap",
  ),
  check(
    "A server farther than 1 s from its reference is refused",
    "RFC 5905 appendix A.5.5.1, MAXDIST",
    'if (rootDistance_s(sample) > ROOT_DISTANCE_MAX_S) return reject("root_distance");',
  ),
];

const clock: readonly Guard[] = [
  {
    ...DISCIPLINE,
    rule: "A step of more than 2 s that the monotonic clock does not confirm is refused",
    source: "TVES/2, sealing rules",
    find: "return Math.abs(step_s) > allowed_s;",
    replace: "return false;",
    name: "refuses a step of more than 2 s that the monotonic clock did not make",
  },
  {
    ...DISCIPLINE,
    rule: "Only a clock that is no longer good enough to seal by starts afresh",
    source: "TVES/2, sealing rules",
    find: "this.#error_s(this.#adopted, now_s) > this.#errorMax_s) {",
    replace: "true) {",
    name: "starts afresh only when the old estimate is no longer good to seal by",
  },
  {
    ...DISCIPLINE,
    rule: "In holdover the error bound grows with the worst drift until the clock seals no more",
    source: "TVES/2, sealing rules",
    find: "return adopted.distance_s + adopted.drift * Math.max(0, now_s - adopted.at_s);",
    replace: "return adopted.distance_s;",
    name: "goes from unsynchronised to synchronised, holdover and back",
  },
  {
    ...DISCIPLINE,
    rule: "Between answers the clock runs on by its frequency",
    source: "Time exchange, estimator",
    find: "return adopted.offset_s + adopted.frequency * Math.max(0, now_s - adopted.at_s);",
    replace: "return adopted.offset_s;",
    name: "in holdover runs on by the frequency",
  },
  {
    ...DISCIPLINE,
    rule: "A clock that most servers contradict is in holdover, not synchronised",
    source: "TVES/2, clock quality",
    find: "return contesting * 2 > this.#sources.size;",
    replace: "return false;",
    name: "follows a smaller step when the fourth sample in a row confirms it",
  },
  {
    ...DISCIPLINE,
    rule: "Quality 3 is for a clock that follows authenticated servers alone",
    source: "TVES/2, clock quality",
    find: "adopted.group.every((one) => one.sample.authenticated)",
    replace: "adopted.group.some((one) => one.sample.authenticated)",
    name: "marks an authenticated way as quality 3",
  },
  {
    ...DISCIPLINE,
    rule: "An announced leap second is taken at its moment",
    source: "RFC 5905 figure 9",
    find: "if (past_s < 0) return;",
    replace: "return;",
    name: "takes an announced leap second at its moment",
  },
  {
    ...DISCIPLINE,
    rule: "In the second that an inserted one repeats the clock does not vouch for itself",
    source: "TVES/2, sealing rules",
    find: "if (leap.kind === 1) this.#ambiguousUntil_s = now_s - past_s + 1;",
    replace: "",
    name: "takes an announced leap second at its moment",
  },
  {
    ...DISCIPLINE,
    file: "protocol/ntp/leap.ts",
    rule: "A leap second counts only when most servers announce it",
    source: "RFC 5905 figure 9",
    find: "if (votes(1) * 2 > indicators.length) return 1;",
    replace: "if (votes(1) > 0) return 1;",
    name: "takes no leap second that most servers do not announce",
  },
  {
    ...DISCIPLINE,
    rule: "A cap on delay that is configured holds",
    source: "Time exchange, cap on delay",
    find: 'if (sample.delay_s > this.#delayTaken_s) return { outcome: "delay_too_long" };',
    replace: "",
    name: "refuses a round trip beyond the cap that it is given",
  },
  {
    ...DISCIPLINE,
    rule: "No more than 16 servers are kept apart",
    source: "Bounded memory",
    find: "if (this.#sources.size >= SOURCES_MAX) {",
    replace: "if (false) {",
    name: "holds no more than 16 servers apart",
  },
];

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

const pace: readonly Guard[] = [
  {
    ...PACE,
    rule: "Kiss codes DENY and RSTR end the association",
    source: "RFC 5905 section 7.4",
    find: 'if (reason === "kiss_deny" || reason === "kiss_rstr") return undefined;',
    replace: "",
    name: "ends the association at DENY and RSTR",
  },
  {
    ...PACE,
    rule: "A server that says RATE is asked half as often, for good",
    source: "RFC 5905 section 7.4",
    find: "return Math.max(this.#floor_s, this.#poll_s);",
    replace: "return this.#poll_s;",
    name: "is never faster than the server's RATE allows",
  },
  {
    ...PACE,
    rule: "Pauses grow while predictions hold",
    source: "Time exchange, poll interval",
    find: "if (this.#held >= HELD_IN_A_ROW) {",
    replace: "if (false) {",
    name: "then more rarely while predictions hold",
  },
  {
    ...PACE,
    rule: "Pauses shrink when predictions do not hold",
    source: "Time exchange, poll interval",
    find: 'if (advice === "shortest") this.#poll_s = this.#shortest_s;',
    replace: "",
    name: "asks more often when predictions do not hold",
  },
];

const server: readonly Guard[] = [
  {
    ...RESPOND,
    rule: "Only a client's question is answered, so that two servers cannot loop",
    source: "RFC 5905 section 9.2",
    find: "packet === undefined || packet.mode !== Mode.client",
    replace: "packet === undefined",
    name: NOT_A_QUESTION,
  },
  {
    ...RESPOND,
    rule: "Only versions 3 and 4 are answered",
    source: "RFC 5905 section 9.2",
    find: "if (packet.version !== 3 && packet.version !== 4) return undefined;",
    replace: "",
    name: NOT_A_QUESTION,
  },
  {
    ...RESPOND,
    rule: "A packet that is no NTP packet by its length gets no word",
    source: "RFC 5905 section 7.5",
    find: "if (bytes.length > REQUEST_LENGTH_MAX || bytes.length % 4 !== 0) return undefined;",
    replace: "",
    name: NOT_A_QUESTION,
  },
  {
    ...RESPOND,
    rule: "A reply is never longer than its question",
    source: "No amplification",
    file: "protocol/ntp/packet.ts",
    find: "const bytes = new Uint8Array(PACKET_LENGTH);",
    replace: "const bytes = new Uint8Array(PACKET_LENGTH + 4);",
    name: "amplify nothing and answer no answer, whatever comes",
  },
  {
    file: "protocol/ntp/rate_limit.ts",
    test: "tests/protocol/ntp/rate_limit_test.ts",
    rule: "Who asks too often is told RATE once and then not answered",
    source: "RFC 5905 section 7.4",
    find: 'if (bucket.kissed) return "drop";',
    replace: "",
    name: "answers a burst, says RATE once",
  },
  {
    file: "protocol/ntp/rate_limit.ts",
    test: "tests/protocol/ntp/rate_limit_test.ts",
    rule: "A flood of addresses takes no more memory than is set aside",
    source: "Bounded memory",
    find: "if (this.#buckets.size > addresses_max) {",
    replace: "if (false) {",
    name: "keeps no more addresses than it may",
  },
  {
    file: "streams/time/udp_server.ts",
    test: "tests/streams/time/udp_test.ts",
    rule: "A malformed packet uses up nobody's allowance",
    source: "Bounded work",
    find: "if (!isQuestion(bytes)) {",
    replace: "if (false) {",
    name: "lets garbage use up nobody's allowance",
  },
];

const carriedOut: readonly Guard[] = [
  {
    file: "streams/time/udp_client.ts",
    test: "tests/streams/time/udp_test.ts",
    rule: "While an answer is waited for, no more than 64 false packets are looked at",
    source: "Bounded work",
    find: "if (++packets >= PACKETS_MAX) resolve(poor);",
    replace: "",
    name: "looks at no more than 64 false packets",
  },
  {
    file: "streams/time/udp_client.ts",
    test: "tests/streams/time/udp_test.ts",
    rule: "Each question leaves from a port that chance chose",
    source: "Time exchange",
    find: "socket.bind(0, () => {",
    replace: "socket.bind(45123, () => {",
    name: "asks from another port each time",
  },
  {
    file: "streams/time/local_clock.ts",
    test: "tests/streams/time/time_sync_test.ts",
    rule: "Whoever sets the system's time does not move the clock",
    source: "TVES/2, sealing rules",
    find: "now_ns: () => start_ns + (hrtime.bigint() - zero_ns),",
    replace: "now_ns: () => BigInt(Date.now()) * 1_000_000n,",
    name: "is not moved by whoever sets the system's time",
  },
  {
    file: "streams/time/time_sync.ts",
    test: "tests/streams/time/time_sync_test.ts",
    rule: "Each refused answer is counted by its reason",
    source: "Bad input",
    find: "this.#faults.set(reason, (this.#faults.get(reason) ?? 0) + 1);",
    replace: "",
    name: "counts each refused answer by its reason",
  },
];

export const guards: readonly Guard[] = [
  ...answers,
  ...clock,
  ...filter,
  ...pace,
  ...server,
  ...carriedOut,
];
