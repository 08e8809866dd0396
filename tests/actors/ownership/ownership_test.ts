import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type OwnershipView,
  planOwnership,
  type Seen,
} from "../../../actors/ownership/ownership.ts";
import { preferredOwner } from "../../../actors/ownership/rendezvous.ts";
import { PARTITIONS } from "../../../protocol/subjects.ts";

const LEASE_MS = 1_000;
const NOW_MS = 50_000;
const every = Array.from({ length: PARTITIONS }, (_, partition) => partition);
const names = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}-[0-9a-f]{6}$/), {
  minLength: 1,
  maxLength: 8,
});

const seen = (owner: string, age_ms = 0, revision = 5): Seen => ({
  owner,
  revision,
  changed_ms: NOW_MS - age_ms,
});

function view(change: Partial<OwnershipView> = {}): OwnershipView {
  return {
    me: "a",
    now_ms: NOW_MS,
    lease_ms: LEASE_MS,
    members: new Map(),
    leases: new Map(),
    partitions: every,
    held: new Set(),
    moves_max: PARTITIONS,
    ...change,
  };
}

Deno.test("masters that see the same members want each partition exactly once, whoever looks first", () => {
  fc.assert(
    fc.property(names, (masters) => {
      const members = new Map(masters.map((name) => [name, seen(name)]));
      const wanted = masters.flatMap((me) =>
        planOwnership(view({ me, members })).claim.map(({ partition }) => partition)
      );
      assert.deepEqual(wanted.sort((a, b) => a - b), every);
    }),
    { seed: 3, numRuns: 50 },
  );
});

Deno.test("preferredOwner(): who joins takes only from the others, never between them", () => {
  fc.assert(
    fc.property(names, fc.constant("newcomer"), (masters, newcomer) => {
      for (const partition of every) {
        const before = preferredOwner(partition, masters);
        const after = preferredOwner(partition, [newcomer, ...masters]);
        assert.ok(after === before || after === newcomer);
      }
    }),
    { seed: 3, numRuns: 50 },
  );
});

Deno.test("preferredOwner() shares evenly enough: of four masters nobody has half", () => {
  const shares = new Map<string, number>();
  for (const partition of every) {
    const owner = preferredOwner(partition, ["m-1", "m-2", "m-3", "m-4"])!;
    shares.set(owner, (shares.get(owner) ?? 0) + 1);
  }
  assert.equal(shares.size, 4);
  assert.ok(Math.max(...shares.values()) < PARTITIONS / 2);
  assert.equal(preferredOwner(0, []), undefined);
});

Deno.test("planOwnership() bounds claims and releases by moves_max", () => {
  assert.equal(planOwnership(view({ moves_max: 5 })).claim.length, 5);
  const members = new Map([["b", seen("b")]]);
  const held = new Set(every);
  const all = planOwnership(view({ members, held })).release.length;
  assert.ok(all > 20);
  assert.equal(planOwnership(view({ members, held, moves_max: 5 })).release.length, 5);
});

Deno.test("a lease is free one lease time after its revision last changed, and replaced by that revision", () => {
  const leases = new Map(every.map((partition) => [partition, seen("dead", LEASE_MS - 1, 9)]));
  assert.deepEqual(planOwnership(view({ leases })).claim, []);
  const later = planOwnership(view({ leases, now_ms: NOW_MS + 1 }));
  assert.equal(later.claim.length, PARTITIONS);
  assert.ok(later.claim.every(({ revision }) => revision === 9));
  assert.ok(planOwnership(view()).claim.every(({ revision }) => revision === 0));
});

Deno.test("a master that is silent for a lease time is no member any more", () => {
  const held = new Set(every);
  const leaves = (age_ms: number) => {
    const members = new Map([["b", seen("b", age_ms)], ["c", seen("c")]]);
    return planOwnership(view({ members, held })).release.map((partition) =>
      preferredOwner(partition, ["a", "b", "c"])
    );
  };
  assert.ok(leaves(LEASE_MS - 1).every((owner) => owner === "c" || owner === "b"));
  // What is b's by right goes to the better one of a and c while b is not heard.
  assert.deepEqual(leaves(LEASE_MS - 1), leaves(LEASE_MS));
  assert.ok(leaves(0).length > leaves(LEASE_MS).length);
});

Deno.test("what waits for a master of which nothing is heard goes to the next one, and nobody else moves", () => {
  const heard = LEASE_MS / 2;
  const claims = (me: string, age_ms: number) => {
    const members = new Map(["a", "b", "c"].map((name) => [
      name,
      seen(name, name === "b" ? age_ms : 0),
    ]));
    return planOwnership(view({ me, members })).claim.map(({ partition }) => partition);
  };
  const ofA = claims("a", heard - 1);
  const ofC = claims("c", heard - 1);
  assert.ok(ofA.length + ofC.length < PARTITIONS, "the others are b's");
  assert.deepEqual([...claims("a", heard), ...claims("c", heard)].sort((x, y) => x - y), every);
  assert.ok(ofA.every((partition) => claims("a", heard).includes(partition)));
  assert.ok(ofC.every((partition) => claims("c", heard).includes(partition)));
});

Deno.test("what I hold under another's lease is dropped at once, beyond moves_max and never released", () => {
  const leases = new Map(every.map((partition) => [partition, seen("b")]));
  const plan = planOwnership(view({ leases, held: new Set(every), moves_max: 1 }));
  assert.deepEqual(plan, { claim: [], release: [], drop: every });
});
