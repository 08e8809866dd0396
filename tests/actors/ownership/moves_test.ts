/** What masters that come and go move: several planners over one set of leases, tick by tick. */
import assert from "node:assert/strict";
import fc from "fast-check";
import { planOwnership, type Seen } from "../../../actors/ownership/ownership.ts";
import { preferredOwner } from "../../../actors/ownership/rendezvous.ts";
import { PARTITIONS } from "../../../protocol/subjects.ts";

const LEASE_MS = 1_000;
const TICK_MS = 250;
const CLAIMS_MAX = 16;
const RELEASES_MAX = 4;
const every = Array.from({ length: PARTITIONS }, (_, partition) => partition);

/** Leases that everybody sees, and masters that plan in an order that changes. */
class Cluster {
  now_ms = 100_000;
  readonly live = new Set<string>();
  readonly beats = new Map<string, Seen>();
  readonly leases = new Map<number, Seen>();
  /** Who had each partition last, and how often it came to another one since `count()`. */
  readonly #last = new Map<number, string>();
  moves = new Map<number, number>();
  released_max = 0;
  #revision = 0;

  #mark(owner: string): Seen {
    return { owner, revision: ++this.#revision, changed_ms: this.now_ms };
  }

  join(name: string): void {
    this.live.add(name);
    this.beats.set(name, this.#mark(name));
  }

  /** Killed: its beat and its leases stand still. */
  die(name: string): void {
    this.live.delete(name);
  }

  /** Hands everything over. */
  leave(name: string): void {
    this.die(name);
    this.beats.delete(name);
    for (const [partition, { owner }] of this.leases) {
      if (owner === name) this.leases.delete(partition);
    }
  }

  count(): void {
    this.moves = new Map();
  }

  tick(order: readonly string[]): void {
    this.now_ms += TICK_MS;
    for (const name of this.live) {
      this.beats.set(name, this.#mark(name));
      for (const [partition, { owner }] of this.leases) {
        if (owner === name) this.leases.set(partition, this.#mark(name));
      }
    }
    for (const me of order) if (this.live.has(me)) this.#act(me);
  }

  #act(me: string): void {
    const held = new Set(every.filter((partition) => this.leases.get(partition)?.owner === me));
    const plan = planOwnership({
      ...{ me, now_ms: this.now_ms, lease_ms: LEASE_MS, members: this.beats, leases: this.leases },
      ...{ partitions: every, held, moves_max: CLAIMS_MAX, releases_max: RELEASES_MAX },
    });
    assert.deepEqual(plan.drop, [], "what is renewed is nobody else's");
    assert.ok(plan.claim.length <= CLAIMS_MAX);
    this.released_max = Math.max(this.released_max, plan.release.length);
    for (const partition of plan.release) this.leases.delete(partition);
    for (const { partition } of plan.claim) this.#claim(partition, me);
  }

  #claim(partition: number, me: string): void {
    this.leases.set(partition, this.#mark(me));
    const before = this.#last.get(partition);
    this.#last.set(partition, me);
    if (before === undefined || before === me) return;
    this.moves.set(partition, (this.moves.get(partition) ?? 0) + 1);
  }

  settle(order: readonly string[]): void {
    for (let i = 0; i < 4 * (PARTITIONS / RELEASES_MAX); i++) this.tick(order);
  }

  assertBalanced(): void {
    for (const partition of every) {
      assert.equal(this.leases.get(partition)?.owner, preferredOwner(partition, this.live));
    }
  }

  get most(): number {
    return Math.max(0, ...this.moves.values());
  }
}

const started = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,6}-[0-9a-f]{6}$/), {
  minLength: 2,
  maxLength: 6,
});
/** The order in which masters come to act in a tick. */
const shuffled = (names: readonly string[], turn: number) =>
  names.map((_, i) => names[(i * (turn % 2 === 0 ? 1 : names.length - 1) + turn) % names.length]!);

type Change = "join" | "leave" | "die";
const change = fc.constantFrom<Change>("join", "leave", "die");

function apply(cluster: Cluster, what: Change, victim: string, newcomer: string): void {
  if (what === "join") cluster.join(newcomer);
  else if (what === "leave") cluster.leave(victim);
  else cluster.die(victim);
}

Deno.test("one master that joins, leaves or dies moves each partition at most once, and only its own", () => {
  fc.assert(
    fc.property(started, change, fc.nat(20), (names, what, turn) => {
      const cluster = new Cluster();
      for (const name of names) cluster.join(name);
      const order = shuffled([...names, "newcomer-1"], turn);
      cluster.settle(order);
      cluster.assertBalanced();
      const before = new Map(
        [...cluster.leases].map(([partition, { owner }]) => [partition, owner]),
      );
      cluster.count();
      apply(cluster, what, names[0]!, "newcomer-1");
      cluster.settle(order);
      cluster.assertBalanced();
      assert.ok(cluster.most <= 1);
      for (const partition of cluster.moves.keys()) {
        const concerned = what === "join"
          ? cluster.leases.get(partition)?.owner === "newcomer-1"
          : before.get(partition) === names[0];
        assert.ok(concerned, "a partition moved between masters that stayed");
      }
    }),
    { seed: 11, numRuns: 40 },
  );
});

Deno.test("two changes at any distance move each partition at most twice, a few at a time", () => {
  fc.assert(
    fc.property(started, change, change, fc.nat(12), fc.nat(20), (names, one, two, gap, turn) => {
      const cluster = new Cluster();
      for (const name of [...names, "last-0"]) cluster.join(name);
      const order = shuffled([...names, "last-0", "newcomer-1", "newcomer-2"], turn);
      cluster.settle(order);
      cluster.count();
      apply(cluster, one, names[0]!, "newcomer-1");
      for (let i = 0; i < gap; i++) cluster.tick(order);
      apply(cluster, two, names[1]!, "newcomer-2");
      cluster.settle(order);
      cluster.assertBalanced();
      assert.ok(cluster.most <= 2, `a partition moved ${cluster.most} times`);
      assert.ok(cluster.released_max <= RELEASES_MAX);
    }),
    { seed: 11, numRuns: 60 },
  );
});

Deno.test("a master of which there is only an old entry is none: nothing is left for it", () => {
  const seen = { owner: "dead-1", revision: 3, changed_ms: 100_000, unproven: true };
  const view = { me: "a-1", now_ms: 100_000, lease_ms: LEASE_MS, leases: new Map() };
  const rest = { partitions: every, held: new Set<number>(), moves_max: PARTITIONS };
  const plan = planOwnership({ ...view, ...rest, members: new Map([["dead-1", seen]]) });
  assert.equal(plan.claim.length, PARTITIONS);
});
