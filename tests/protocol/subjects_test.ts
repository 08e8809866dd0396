import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import {
  ID_LENGTH_MAX,
  isId,
  journalOf,
  partitionOf,
  PARTITIONS,
  partitionToken,
  subjects,
} from "../../protocol/subjects.ts";

Deno.test("isId() takes one NATS token of letters, digits, - and _ and nothing else", () => {
  for (const good of ["a", "MH00113978", "slave-1_b", "x".repeat(ID_LENGTH_MAX)]) ok(isId(good));
  const bad = ["", "x".repeat(ID_LENGTH_MAX + 1), "a.b", "a*", ">", "a b", "a\n", "é", "a/b"];
  for (const each of bad) ok(!isId(each), JSON.stringify(each));
});

Deno.test("partitionOf() never changes: meters stay where their journal is", () => {
  // FNV-1a, 32 bits: "" 811c9dc5, "a" e40c292c, "foobar" bf9cf968 (the authors' test vectors).
  strictEqual(partitionOf(""), 0x811c9dc5 % 64);
  strictEqual(partitionOf("a"), 0xe40c292c % 64);
  strictEqual(partitionOf("foobar"), 0xbf9cf968 % 64);
});

Deno.test("partitionOf() spreads meters with serial numbers evenly", () => {
  const counts = new Array<number>(PARTITIONS).fill(0);
  const meters = 64_000;
  for (let i = 0; i < meters; i++) {
    counts[partitionOf(`MH${String(i).padStart(8, "0")}`)]!++;
  }
  const expected = meters / PARTITIONS;
  for (const count of counts) ok(Math.abs(count - expected) < expected * 0.15, `${count}`);
});

Deno.test("partitionToken() sorts as people expect", () => {
  strictEqual(partitionToken(0), "00");
  strictEqual(partitionToken(7), "07");
  strictEqual(partitionToken(63), "63");
});

Deno.test("subjects name each stream's subject with its partition", () => {
  const partition = partitionToken(partitionOf("MH00113978"));
  strictEqual(subjects.frame("MH00113978"), `samay.frame.${partition}.MH00113978`);
  strictEqual(subjects.session("MH00113978"), `samay.session.${partition}.MH00113978`);
  strictEqual(subjects.billing("MH00113978"), `samay.billing.${partition}.MH00113978`);
  strictEqual(subjects.journal("meter", 7), "samay.journal.meter.07");
  strictEqual(subjects.command("s1"), "samay.command.s1");
  strictEqual(subjects.confirm("s1"), "samay.confirm.s1");
  strictEqual(subjects.event("alarm", "reject", "M1"), "samay.event.alarm.reject.M1");
  strictEqual(subjects.notice("sms", 12), "samay.notice.sms.12");
  strictEqual(subjects.dead("FRAMES", 3), "samay.dead.FRAMES.03");
  strictEqual(subjects.office("enrol"), "samay.office.enrol");
  strictEqual(subjects.time, "samay.time");
});

Deno.test("journalOf() knows whose journal a subject is, and passes over what is none", () => {
  deepStrictEqual(journalOf(subjects.journal("session", 63)), { kind: "session", partition: 63 });
  for (const other of ["samay.journal.meter.64", "samay.journal.meter.7", "samay.journal.x.07"]) {
    strictEqual(journalOf(other), undefined, other);
  }
});
