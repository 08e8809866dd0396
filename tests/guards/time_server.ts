/** The rules of time on the side that answers. */
import type { Guard } from "./guard.ts";

const RESPOND = { file: "protocol/ntp/respond.ts", test: "tests/protocol/ntp/respond_test.ts" };
const NOT_A_QUESTION = "say nothing to what is no client's question";

export const guards: readonly Guard[] = [
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
  {
    file: "streams/time/local_clock.ts",
    test: "tests/streams/time/local_clock_test.ts",
    rule: "Who gives its system's time to others follows it when it is set",
    source: "Time exchange",
    find: "origin_ms += right_ms - now_ms;",
    replace: "return BigInt(Math.round(now_ms * 1e3)) * 1_000n;",
    name: "goes with the system's time when that is set",
  },
];
