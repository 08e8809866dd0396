/** The rules of coming and going: nobody waits longer than must be, and nothing is torn down at once. */
import type { Guard } from "./guard.ts";

const LEASES = "streams/masters/leases.ts";
const HOLDER = "streams/masters/partition_holder.ts";
const OWNERSHIP = "actors/ownership/ownership.ts";
const HAND_OVER = "tests/streams/masters/hand_over_test.ts";
const LINK = "tests/streams/jetstream/link_state_test.ts";
const SEEN = "tests/streams/masters/leases_test.ts";
const MOVES = "tests/actors/ownership/moves_test.ts";

export const guards: readonly Guard[] = [
  {
    rule: "What a leaving master gives back is taken at once, not at the next tick",
    source: "rolling restart without a gap over a second",
    file: HOLDER,
    find: "      this.#parts.leases.onNews = () => this.#plan();",
    replace: "",
    test: HAND_OVER,
    name: "what a leaving master gives back is taken at once",
  },
  {
    rule: "A master says that it leaves before it gives anything back: the others know whose it is",
    source: "rolling restart without a gap over a second",
    file: HOLDER,
    find: '        await this.#attempts.quietly("leaving", () => this.#parts.leases.leave());',
    replace: "",
    test: HAND_OVER,
    name: "what a leaving master gives back is taken at once",
  },
  {
    rule: "A few partitions are handed over at a time; the others go on working",
    source: "rebalance",
    file: HOLDER,
    find: "const HAND_OVERS_MAX = 4;",
    replace: "const HAND_OVERS_MAX = 64;",
    test: HAND_OVER,
    name: "a leaving master hands over a few partitions at a time",
  },
  {
    rule: "While a master hands over it renews the leases of what waits",
    source: "rebalance",
    file: HOLDER,
    find: "    const endRenewal = every(timers, this.#tick_ms, () => void this.#renewAll());",
    replace: "    const endRenewal = every(timers, this.#tick_ms, () => {});",
    test: HAND_OVER,
    name: "a leaving master hands over a few partitions at a time",
  },
  {
    rule: "An entry that stood before and has not changed since is no sign of life",
    source: "design, ownership",
    file: OWNERSHIP,
    find: "    if (instance === view.me || unproven === true) continue;",
    replace: "    if (instance === view.me) continue;",
    test: MOVES,
    name: "a master of which there is only an old entry is none",
  },
  {
    rule: "A new master marks what stood before it came as unproven",
    source: "design, ownership",
    file: LEASES,
    find:
      "    if (seen) this.members.set(instance, this.#shown ? seen : { ...seen, unproven: true });",
    replace: "    if (seen) this.members.set(instance, seen);",
    test: HAND_OVER,
    name: "a master that comes does not leave partitions to those who were dead before",
  },
  {
    rule: "Entries of the dead do not pile up",
    source: "limits",
    file: LEASES,
    find: "      await this.#bucket.delete(`master.${instance}`);",
    replace: "",
    test: HAND_OVER,
    name: "entries of the dead are taken away in the end",
  },
  {
    rule: "A bounded number of partitions is released at a time",
    source: "rebalance",
    file: OWNERSHIP,
    find: "      else if (!wanted && release.length < releases_max) release.push(partition);",
    replace: "      else if (!wanted) release.push(partition);",
    test: MOVES,
    name: "two changes at any distance move each partition at most twice",
  },
  {
    rule: "A master that comes or goes moves only its own share",
    source: "rebalance, each at most twice",
    file: "actors/ownership/rendezvous.ts",
    find: "    const weight = weightOf(`${partition}:${master}`);",
    replace: "    const weight = weightOf(`${partition}:${master}:${[...masters].length}`);",
    test: MOVES,
    name: "one master that joins, leaves or dies moves each partition at most once",
  },
  {
    rule: "A question that waits when the link is lost fails at once, not after its own time limit",
    source: "I6: masters go on at once after an outage",
    file: "streams/jetstream/connection.ts",
    find: "  connection.request = (...question) => link.during(request(...question));",
    replace: "  void request;",
    test: LINK,
    name: "what waits for an answer when the link is lost fails at once",
  },
  {
    rule:
      "A publication that waits when the link is lost fails at once, not after its own time limit",
    source: "I6: masters go on at once after an outage",
    file: "streams/jetstream/connection.ts",
    find: "  link.listen((up) => up || publisher.lose());",
    replace: "",
    test: LINK,
    name: "what waits for an answer when the link is lost fails at once",
  },
  {
    rule: "A work consumer asks again as soon as the link is back",
    source: "I6: billing goes on at once after an outage",
    file: "streams/jetstream/work.ts",
    find: "  const following = worker.link.listen((up) => up || pull.lose());",
    replace: "  const following = { stop: () => Promise.resolve() };",
    test: LINK,
    name: "work goes on at once after a restart",
  },
  {
    rule: "While the broker takes no beat of mine, I judge nobody by their silence",
    source: "ownership: an outage that all masters share moves nothing",
    file: LEASES,
    find: "      this.#unheard_ms ??= began_ms;",
    replace: "      void began_ms;",
    test: SEEN,
    name: "while no beat is taken nobody is judged",
  },
  {
    rule: "The time in which nobody could give a sign of life is nobody's silence",
    source: "ownership: an outage that all masters share moves nothing",
    file: LEASES,
    find: "    if (this.#unheard_ms !== undefined) this.#leaveOut(this.#unheard_ms);",
    replace: "",
    test: SEEN,
    name: "while no beat is taken nobody is judged",
  },
  {
    rule:
      "A claim that was lost shows the lease as it stands, even where the watch has fallen behind",
    source: "ownership",
    file: LEASES,
    find: "this.#see(key, stands.value, stands.revision); // The watch is behind.",
    replace: "void stands;",
    test: SEEN,
    name: "a lost claim shows the lease as it stands",
  },
  {
    rule: "What a dead master should take over waits for no second lease: the next best takes it",
    source: "masters that die one after the other",
    file: OWNERSHIP,
    find:
      "  return wanted === undefined || fresh.has(wanted) ? wanted : preferredOwner(partition, fresh);",
    replace: "  return wanted;",
    test: "tests/actors/ownership/ownership_test.ts",
    name: "what waits for a master of which nothing is heard goes to the next one",
  },
  {
    rule: "A journal that cannot be trimmed now is trimmed later; its partition goes on",
    source: "I6",
    file: "streams/jetstream/journal.ts",
    find:
      "      throw new RetryableError(`${this.#subject} not trimmed: ${(error as Error).message}`);",
    replace: "      throw error;",
    test: "tests/streams/jetstream/journal_test.ts",
    name: "a journal that cannot be trimmed now",
  },
];
