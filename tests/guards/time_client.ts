/** The rules of time on the side that asks: what is believed, how often is asked. */
import type { Guard } from "./guard.ts";

const EXCHANGE = { file: "protocol/ntp/exchange.ts", test: "tests/protocol/ntp/exchange_test.ts" };
const PACE = { file: "protocol/ntp/pace.ts", test: "tests/protocol/ntp/pace_test.ts" };
const NAMES = "judgeAnswer() names what is wrong with a bad answer";

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
    find: "t4_ns < EARLIEST_NS || ",
    replace: "",
    name: "reads 2026 and 2090 aright by a clock that was never set",
  },
  {
    ...EXCHANGE,
    rule: "Eras unfold aright by a clock that was set to 2100",
    source: "RFC 5905 section 6",
    find: " || t4_ns > LATEST_NS",
    replace: "",
    name: "reads 2026 and 2090 aright by a clock that was set to 2100 or 2200",
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

const pace: readonly Guard[] = [
  {
    file: "protocol/ntp/pace.ts",
    test: "tests/protocol/ntp/pace_test.ts",
    rule: "After a day without RATE half of the pause is tried",
    source: "Time exchange, poll interval",
    find: "if (this.#obeyed_s < RATE_FORGIVEN_S) return pause_s;",
    replace: "return pause_s;",
    name: "asks twice as often again after a day in which no server said RATE",
  },
  {
    ...PACE,
    rule: "A refused answer is no reason to ask again at once",
    source: "Bounded work",
    find: 'if (reason !== "kiss_rate") return this.#backOff(this.#shortest_s);',
    replace: 'if (reason !== "kiss_rate") return 0;',
    name: "waits after a refused answer as after a good one, then longer",
  },
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
    rule: "A server that says RATE is asked half as often",
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

const carriedOut: readonly Guard[] = [
  {
    file: "streams/time/time_sync.ts",
    test: "tests/streams/time/time_sync_test.ts",
    rule: "Servers that contradict each other are told",
    source: "Bad input",
    find: 'this.#trouble(fed.outcome, "the time servers contradict each other: none is followed");',
    replace: "this.#count(fed.outcome);",
    name: "says once of each server that servers contradict each other",
  },
  {
    file: "streams/time/udp_client.ts",
    test: "tests/streams/time/udp_test.ts",
    rule: "One association asks one address, not whatever a pool's name gives each time",
    source: "Time exchange",
    find: "known ??= await",
    replace: "known = await",
    name: "keeps to one address of a name, and looks it up anew after silence",
  },
  {
    file: "streams/time/udp_client.ts",
    test: "tests/streams/time/udp_test.ts",
    rule: "After silence a server's name is looked up anew",
    source: "Time exchange",
    find: "if (++silent % SILENT_MAX === 0) known = undefined;",
    replace: "",
    name: "keeps to one address of a name, and looks it up anew after silence",
  },
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

export const guards: readonly Guard[] = [...answers, ...pace, ...carriedOut];
