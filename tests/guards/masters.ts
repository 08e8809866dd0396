/** The rules of masters and ledger: one writer, nothing lost, nothing twice, whoever dies. */
import type { Guard } from "./guard.ts";

const SHARD = { file: "streams/masters/shard.ts", test: "tests/streams/masters/shard_test.ts" };
const JOURNAL = {
  file: "streams/jetstream/journal.ts",
  test: "tests/streams/jetstream/journal_test.ts",
  name: "the journal takes a retried record once, and refuses what is fenced off",
};
const HOLDER = {
  file: "streams/masters/partition_holder.ts",
  test: "tests/streams/masters/partition_holder_test.ts",
};
const OWNERSHIP = {
  file: "actors/ownership/ownership.ts",
  test: "tests/actors/ownership/ownership_test.ts",
};
const LEDGER = "tests/streams/database/ledger_test.ts";
const LOST = "tests/streams/jetstream/journal_lost_test.ts";
/** Worlds full of faults: they find by themselves what no other test was written for. */
const WORLDS = {
  test: "tests/simulation/simulation_test.ts",
  name: "every invariant holds in the first worlds",
};

const invariants: readonly Guard[] = [
  {
    ...{ ...WORLDS, file: "streams/jetstream/journal.ts" },
    rule: "Nothing is appended by an owner after a higher epoch stands",
    source: "I3, the fence",
    find: "{ messageId, expectLastSubjectSequence: after },",
    replace: "{ messageId },",
  },
  {
    ...{ ...WORLDS, file: SHARD.file },
    rule: "A new owner puts an epoch above every earlier one",
    source: "I3",
    find: "      this.#epoch = record.epoch;",
    replace: "",
  },
  {
    ...{ ...WORLDS, file: SHARD.file },
    rule: "The input cursor is the journal's: a new owner starts behind the last record",
    source: "I5",
    find: "      this.#cursor = record.cursor;",
    replace: "",
  },
  {
    ...{ ...WORLDS, file: SHARD.file },
    rule: "Confirmations leave only once their record stands",
    source: "I1, the output gate",
    find: "    await this.#append(record);",
    replace: "    await this.#release(record, this.#sequence + 1); await this.#append(record);",
  },
  {
    ...{ ...WORLDS, file: SHARD.file },
    rule: "A restored state is the fold of the journal: every event is applied again",
    source: "I4 and I5",
    find: "      for (const event of record.events) this.#fold(event);",
    replace: "",
  },
  {
    ...{ ...WORLDS, file: "actors/meter/state.ts" },
    rule: "The replay window is a part of the state in snapshots",
    source: "I4",
    find: "replay: ReplayWindow.restore(replay) };",
    replace: "replay: new ReplayWindow() };",
  },
  {
    ...{ ...WORLDS, file: SHARD.file },
    rule: "A meter is opened in its own partition only: it has one replay window",
    source: "I4",
    find: "    if (home === partition) return;",
    replace: "    if (home !== undefined) return;",
  },
  {
    ...{ ...WORLDS, file: "streams/database/ledger_projection.ts" },
    rule: "The ledger's cursor moves in the transaction of the rows that it stands for",
    source: "I1",
    find: "    const { inserted, conflicts } = await transaction.writeReadings(readings);",
    replace: "    const { inserted, conflicts } = " +
      "await store.transaction((own) => own.writeReadings(readings));",
  },
];

const shards: readonly Guard[] = [
  {
    ...SHARD,
    rule: "A hole in what was restored is seen: a snapshot that changed meanwhile is read again",
    source: "design, the fence",
    find: "      if (stands === (snapshot?.journal_sequence ?? 0)) return last;",
    replace: "      if (stands >= 0) return last;",
    name: "a shard whose journal is trimmed in front of its reading begins anew",
  },
  {
    ...SHARD,
    rule: "An epoch that was fenced off by one more record of the earlier owner reads that too",
    source: "design, the fence",
    find:
      "        if (!(error instanceof FencedError) || attempt === FENCE_ATTEMPTS_MAX) throw error;",
    replace: "        throw error;",
    name: "an epoch is above every earlier one, though the earlier owner appends while we fence",
  },
  {
    ...SHARD,
    rule:
      "A new owner sends the last record's outputs again: the earlier one may have died of them",
    source: "I1",
    find: "    if (last) await this.#release(last.record, last.sequence);",
    replace: "",
    name:
      "a new owner starts behind the journaled cursor and sends the last record's outputs again",
  },
  {
    ...SHARD,
    rule: "What can never be handled goes to the dead letters, and those behind it go on",
    source: "design, two kinds of failure",
    find:
      "      await this.#untilDone(() => ports.setAside(actor.kind, partition, input, reason));",
    replace: "      throw error;",
    name: "what can never be handled is set aside with the reason, and the cursor moves on",
  },
  {
    ...SHARD,
    rule: "The journal is trimmed behind snapshot and ledger, never before both have passed",
    source: "I1",
    find: "      await ports.trim(await ports.ledgerPassed());",
    replace: "      await ports.trim(Infinity);",
    name: "the journal is trimmed to what snapshot and ledger have passed, its last record stays",
  },
  {
    ...SHARD,
    rule: "A snapshot of an unknown version is refused before anything is appended",
    source: "design, snapshots",
    find: "    if (!readable.includes(version)) {",
    replace: "    if (version === undefined) {",
    name: "a snapshot of another version is refused, and nothing is appended",
  },
  {
    ...SHARD,
    rule: "A shard that is stopped while it is opened leaves nothing open",
    source: "hand-over",
    find:
      '    if (this.#stopping) throw new RetryableError("The shard was stopped while it was opened");',
    replace: "",
    name: "stop() while open() is on its way leaves nothing open, whatever the step",
  },
  {
    ...{ ...SHARD, file: "streams/masters/batches.ts" },
    rule: "A record stays under the broker's message limit, whatever meters send",
    source: "limits",
    find: "    if (batch.length > 0 && bytes + input.payload.length > BATCH_BYTES_MAX) {",
    replace: "    if (batch.length < 0) {",
    name: "large inputs are spread over records that JetStream takes, in their order",
  },
];

const journals: readonly Guard[] = [
  {
    ...JOURNAL,
    rule: "A retry of our own append is known as such, whatever the server looks at first",
    source: "design, the ambiguous outcome",
    find: "      if (last.messageId !== messageId) throw error;",
    replace: "      if (last.messageId !== undefined) throw error;",
  },
  {
    ...{ file: "streams/jetstream/snapshots.ts" },
    rule: "A snapshot is only ever replaced by a later one",
    source: "I4",
    find: "  if (before && before.journal_sequence >= snapshot.journal_sequence) return;",
    replace: "",
    test: "tests/streams/jetstream/snapshots_test.ts",
    name: "an old owner cannot put back an older snapshot",
  },
];

const ownership: readonly Guard[] = [
  {
    ...OWNERSHIP,
    rule: "A lease is taken only when its revision has stood still for a whole lease time",
    source: "design, ownership",
    find: "  return lease === undefined || view.now_ms - lease.changed_ms >= view.lease_ms;",
    replace: "  return lease === undefined || view.now_ms >= lease.changed_ms;",
    name: "a lease is free one lease time after its revision last changed",
  },
  {
    ...OWNERSHIP,
    rule: "What is held under another's lease is dropped at once",
    source: "design, ownership",
    find: "      if (lease !== undefined && lease.owner !== view.me) drop.push(partition);",
    replace: "      if (lease === undefined && view.me === '') drop.push(partition);",
    name: "what I hold under another's lease is dropped at once",
  },
  {
    ...OWNERSHIP,
    rule: "A bounded number of partitions moves in one tick",
    source: "design, rebalance",
    find: "    } else if (wanted && claim.length < view.moves_max && isFree(view, lease)) {",
    replace: "    } else if (wanted && isFree(view, lease)) {",
    name: "planOwnership() bounds claims and releases by moves_max",
  },
  {
    ...HOLDER,
    rule: "A master that sees nothing does not take the silence of others for their death",
    source: "design, ownership",
    find: "    if (!leases.inSight) return;",
    replace: "",
    name: "PartitionHolder claims nothing while it cannot see whether the others live",
  },
  {
    ...HOLDER,
    rule: "A partition that could not be opened is given back at once",
    source: "I6",
    find:
      '    await this.#attempts.quietly("giving back", () => this.#parts.leases.release(partition));',
    replace: "",
    name: "PartitionHolder gives a lease back at once when its partition cannot be opened",
  },
  {
    ...HOLDER,
    rule: "A partition that cannot be opened is not tried again and again without a pause",
    source: "limits",
    find: "    this.#retries.failed(partition);",
    replace: "",
    name: "PartitionHolder tries a partition that cannot be opened no more than once a lease",
  },
];

const leases: readonly Guard[] = [
  {
    file: "streams/masters/leases.ts",
    rule: "An answer that comes late does not bring back a lease that was released since",
    source: "I6",
    find: "    if ((this.#newest.get(partition) ?? 0) >= revision) return;",
    replace: "",
    test: "tests/streams/masters/leases_test.ts",
    name: "a renewal answered after the release was seen does not bring the lease back",
  },
  {
    file: "streams/masters/leases.ts",
    rule: "A claim that was lost looks again at what stands",
    source: "I6",
    find: "    else await this.#lookAgain(partition, revision);",
    replace: "",
    test: "tests/streams/masters/leases_test.ts",
    name: "a claim lost against a lease that is gone sees that it is gone",
  },
];

const ledgers: readonly Guard[] = [
  {
    ...{ file: "streams/database/ledger_projection.ts", test: LEDGER },
    rule: "A record at or below the cursor is not projected again",
    source: "I1",
    find: "    const fresh = records.filter(({ sequence }) => sequence > cursor);",
    replace: "    const fresh = records.filter(({ sequence }) => sequence > 0 * cursor);",
    name: "the ledger",
  },
  {
    ...{ file: "streams/database/ledger_write.ts", test: LEDGER },
    rule: "What the fast way does not take whole leaves nothing behind, and the slow way finds why",
    source: "I1",
    find: "    await sql`rollback to savepoint before_copy`.execute(trx);",
    replace: "",
    name: "the ledger",
  },
  {
    file: "migrations/0005_readings_by_month.ts",
    rule: "Readings are never changed or removed, also after a month's table took some in",
    source: "immutable raw readings",
    find: "      alter table raw_reading_other enable trigger raw_reading_immutable;\n",
    replace: "",
    test: "tests/streams/database/readings_by_month_test.ts",
    name: "readings by month",
  },
  {
    file: "streams/database/ledger_write.ts",
    rule: "Each month's readings have a table of their own",
    source: "35 million readings in a table",
    find: "  await makeMonths(trx, rows);\n",
    replace: "",
    test: "tests/streams/database/readings_by_month_test.ts",
    name: "readings by month",
  },
  {
    ...{ file: "streams/database/ledger_loop.ts", test: LEDGER },
    rule: "Records that come in little pieces are gathered into few transactions",
    source: "throughput",
    find: "    return entries.length < recordsMax ? GATHER_MS : 0;",
    replace: "    return 0;",
    name: "the ledger",
  },
  {
    ...{ file: "streams/jetstream/journal_feed.ts", test: LOST },
    rule: "A running ledger looks at the journal anew when the broker is back",
    source: "I1, the broker lost its end",
    find: "      if (input!.made !== made) {",
    replace: "      if (input!.made < made) {",
    name: "a running ledger says that the journal lost its end",
  },
  {
    ...{ file: "streams/database/ledger_loop.ts", test: LOST },
    rule: "A ledger takes no record of another journal, however far that one has come",
    source: "I1, the broker lost its end",
    find: "    if (there !== undefined && there !== fingerprint) {",
    replace: "    if (there === null) {",
    name: "a running ledger takes no record of a journal that lost its end and has grown again",
  },
  {
    file: "streams/database/ledger_loop.ts",
    test: "tests/streams/database/ledger_mark_test.ts",
    rule: "A ledger that stands still says so, once",
    source: "I1, the broker lost its end",
    find: "    if (this.#halted) return;",
    replace: "",
    name: "runLedger() says loudly and once that it stands still",
  },
  {
    ...{ file: "streams/database/ledger_loop.ts", test: LEDGER },
    rule: "A ledger refuses a journal that is shorter than what it has projected",
    source: "I1",
    find: "    if (last !== undefined && last < cursor) {",
    replace: "    if (last !== undefined && last < 0) {",
    name: "the ledger",
  },
  {
    file: "streams/database/ledger_loop.ts",
    rule: "A ledger refuses a database that is older than what the masters may have trimmed",
    source: "I1",
    find: "    if (marked !== undefined && marked > cursor) {",
    replace: "    if (marked !== undefined && marked < 0) {",
    test: "tests/streams/database/ledger_mark_test.ts",
    name: "runLedger() refuses a database that is older than what the masters may have trimmed",
  },
];

const CONFIRMATIONS = {
  file: "streams/masters/confirmations.ts",
  test: "tests/streams/masters/confirmations_test.ts",
};

const confirmations: readonly Guard[] = [
  {
    ...CONFIRMATIONS,
    rule: "A message of confirmations leaves as soon as it has 500 entries",
    source: "docs/reliability.md, limits",
    find: "if (gathered.confirmed.length + gathered.refused.length >= ENTRIES_MAX) {",
    replace: "if (this.#stopped) {",
    name: "a message that is full leaves at once",
  },
  {
    ...CONFIRMATIONS,
    rule: "Confirmations wait for 10,000 slaves at most",
    source: "docs/reliability.md, limits",
    find: "if (this.#waiting.size >= SLAVES_MAX) this.#flush();",
    replace: "",
    name: "a message that is full leaves at once",
  },
  {
    ...CONFIRMATIONS,
    rule: "What is confirmed already is told before a master ends",
    source: "design, output gate",
    find: "  stop(): Promise<void> {\n    this.#flush();",
    replace: "  stop(): Promise<void> {",
    name: "Confirmations.stop() sends what waits",
  },
  {
    file: "streams/masters/keyring.ts",
    test: "tests/streams/masters/keyring_test.ts",
    rule: "A meter that is kept unpacked is forgotten when its enrolment changes",
    source: "ADR 0012",
    find: "      this.#recent.delete(id);",
    replace: "",
    name: "Keyring knows a new generation as soon as the bucket has it",
  },
];

export const guards: readonly Guard[] = [
  ...confirmations,
  ...invariants,
  ...shards,
  ...journals,
  ...ownership,
  ...leases,
  ...ledgers,
];
