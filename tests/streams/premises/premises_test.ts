import assert from "node:assert/strict";
import { TerminalError } from "../../../protocol/errors.ts";
import { utf8 } from "../../../protocol/bytes.ts";
import { invoiceSheet } from "../../../streams/billing/invoices.ts";
import { stepCycle } from "../../../streams/billing/step.ts";
import { draftVerbs } from "../../../streams/office/draft_verbs.ts";
import { premisesVerbs } from "../../../streams/office/premises_verbs.ts";
import type { OfficeContext } from "../../../streams/office/office.ts";
import { CYCLE_RULES } from "../../../actors/billing/rules.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { testOnEachDatabase } from "../../support/database.ts";
import { addAccount, addReading, at, contextOf, counts, type Db, NOW } from "../billing/fixture.ts";

const APRIL = "2026-04";
const GRACE = { ...CYCLE_RULES, draft_grace_ms: 86_400_000 };
const verbs = { ...premisesVerbs, ...draftVerbs };

/** Asks a verb as the office does: through JSON, and nothing of the broker is used. */
async function ask<T>(db: Db, name: string, input: object, now = NOW): Promise<T> {
  const context = {
    ...{ db, log: silentLog, now_ms: () => now, cycle_rules: GRACE },
  } as unknown as OfficeContext;
  return await verbs[name]!.handle(utf8(JSON.stringify(input)), name, context) as T;
}

async function addMeter(db: Db, n: number): Promise<string> {
  await db.insertInto("meter").values({
    ...{ meter_id: `M${n}`, serial_number: `S${n}`, slave_id: "SL1", alias: 9_000 + n },
  }).execute();
  return `M${n}`;
}

const exchange = {
  ...{ old_meter_id: "M1", new_meter_id: "M9", final_wh: 1_130_400, start_wh: 12_300 },
  ...{ at: "2026-04-16T11:00:00+05:30", reason: "display dark", actor: "asha" },
};

/** Account A1, whose April waits to be estimated by three months of 8 kWh a day: at what is returned. */
async function waitingApril(db: Db): Promise<number> {
  await addAccount(db, 1);
  const history: [string, string, string, number][] = [
    ["2026-01", "2026-01-01", "2026-02-01", 248],
    ["2026-02", "2026-02-01", "2026-03-01", 224],
    ["2026-03", "2026-03-01", "2026-03-31", 240],
  ];
  for (const [period, from_date, to_date, units_kwh] of history) {
    const state = "imported" as const;
    await db.insertInto("billing_cycle")
      .values({ account_id: "A1", period, state, from_date, to_date, units_kwh }).execute();
  }
  const now = at("2026-05-02T10:00:00+05:30");
  await stepCycle(contextOf(db, now), "A1", APRIL, { step: "close", requested_at_ms: now });
  return now + CYCLE_RULES.estimate_after_ms!;
}

async function estimatedApril(db: Db) {
  const due = await waitingApril(db);
  const early = await stepCycle(contextOf(db, due - 1), "A1", APRIL, { step: "deadline" });
  assert.equal(early.issued, null);
  const april = await stepCycle(contextOf(db, due), "A1", APRIL, { step: "deadline" });
  return await invoiceSheet(db, april.issued!);
}

testOnEachDatabase("Premises", {
  "an exchange inside the month: one bill of both meters, on its readings": async (db) => {
    await addAccount(db, 1);
    await addMeter(db, 9);
    await addReading(db, 1, at("2026-04-16T10:45:00+05:30"), 1_130_300);
    await ask(db, "meter-exchange", exchange);
    await addReading(db, 9, at("2026-04-30T23:00:00+05:30"), 132_100);
    const now = at("2026-05-02T10:00:00+05:30");
    const close = { step: "close" as const, requested_at_ms: now };
    const { issued } = await stepCycle(contextOf(db, now), "A1", APRIL, close);
    const { inputs } = await invoiceSheet(db, issued!);
    // 1130 - 1000, and 132 - 12.
    assert.equal(inputs.units_kwh, 250);
    assert.equal(inputs.earlier_meters![0]!.meter.meter_id, "M1");
    const [audit] = await db.selectFrom("audit").selectAll().where("action", "=", "meter.exchanged")
      .where("subject", "=", "M1").execute();
    assert.equal(audit!.actor, "asha");
    // The next month begins on the new meter alone.
    await addReading(db, 9, at("2026-05-31T23:00:00+05:30"), 332_100);
    const june = at("2026-06-02T10:00:00+05:30");
    const next = await stepCycle(contextOf(db, june), "A1", "2026-05", {
      ...{ step: "close", requested_at_ms: june },
    });
    const later = (await invoiceSheet(db, next.issued!)).inputs;
    assert.deepEqual([later.units_kwh, later.earlier_meters], [200, undefined]);
  },

  "an exchange that cannot be is refused, and changes nothing": async (db) => {
    await addAccount(db, 1);
    await addAccount(db, 2);
    await addReading(db, 1, at("2026-04-16T10:45:00+05:30"), 1_130_300);
    const refused: [object, RegExp][] = [
      [{ new_meter_id: "M8" }, /M8 is not known/],
      [{ new_meter_id: "M2" }, /M2 hangs at account A2/],
      [{ old_meter_id: "M8" }, /M8 hangs nowhere/],
      [{ new_meter_id: "M9", final_wh: 1_130_200 }, /less than the 1130.3 kWh that it showed/],
      [{ new_meter_id: "M9", at: "2026-03-01" }, /put up at/],
      [{ new_meter_id: "M9", at: "2026-05-30" }, /lies ahead/],
      [{ new_meter_id: "M9", reason: " " }, /say why/],
    ];
    await addMeter(db, 9);
    const before = await counts(db);
    for (const [change, words] of refused) {
      await assert.rejects(ask(db, "meter-exchange", { ...exchange, ...change }), words);
    }
    const live = await db.selectFrom("installation").select("meter_id")
      .where("removed_at", "is", null).orderBy("meter_id").execute();
    assert.deepEqual(live.map((one) => one.meter_id), ["M1", "M2"]);
    assert.deepEqual(await counts(db), before);
  },

  "what is billed already is not taken back by an exchange noted late": async (db) => {
    await addAccount(db, 1);
    await addMeter(db, 9);
    await addReading(db, 1, at("2026-04-30T17:00:00+05:30"), 1_250_000);
    const now = at("2026-05-02T10:00:00+05:30");
    await stepCycle(contextOf(db, now), "A1", APRIL, { step: "close", requested_at_ms: now });
    await assert.rejects(
      ask(db, "meter-exchange", { ...exchange, final_wh: 1_300_000 }, now),
      /2026-04 is billed up to .*void that bill first/,
    );
  },

  "moving out and in: a final bill, and the next account begins where it ended": async (db) => {
    await addAccount(db, 1);
    const out = {
      ...{ account_id: "A1", at: "2026-04-20", final_wh: 1_160_000, reason: "moved out" },
    };
    const closed = await ask<{ closed_on: string; period: string }>(db, "account-close", out);
    assert.deepEqual([closed.closed_on, closed.period], ["2026-04-20", APRIL]);
    await assert.rejects(ask(db, "account-close", out), /A1 is closed/);
    const [command] = await db.selectFrom("outbox").selectAll().execute();
    assert.match(command!.subject, /^samay\.billing\..*A1$/);
    const { period, requested_at_ms } = command!.payload as {
      period: string;
      requested_at_ms: number;
    };
    const { issued } = await stepCycle(contextOf(db), "A1", period, {
      ...{ step: "close", requested_at_ms },
    });
    const final = (await invoiceSheet(db, issued!)).inputs;
    assert.deepEqual([final.final, final.units_kwh, final.to], [true, 160, "2026-04-20"]);

    const into = {
      ...{ account_id: "A2", meter_id: "M1", consumer_number: "C2", name: "Ravi Joshi" },
      ...{ at: "2026-04-22", start_wh: 1_160_000, reason: "moved in" },
    };
    await assert.rejects(
      ask(db, "account-open", { ...into, start_wh: 1_159_000 }),
      /showed 1160 kWh .* would bill that use twice/,
    );
    await assert.rejects(ask(db, "account-open", { ...into, at: "2026-04-19" }), /up to/);
    const { bills_nobody } = await ask<{ bills_nobody: string | null }>(
      ...[db, "account-open", { ...into, tariff_id: "karnataka-lt-1" }] as const,
    );
    assert.match(bills_nobody!, /^tariff karnataka-lt-1 is not whole and bills nobody/);
    await db.updateTable("account").set({ tariff_id: "msedcl-lt-1b" })
      .where("account_id", "=", "A2").execute();
    await assert.rejects(ask(db, "account-open", into), /an account A2 already/);
    await addReading(db, 1, at("2026-04-30T23:00:00+05:30"), 1_200_000);
    const now = at("2026-05-02T10:00:00+05:30");
    const next = await stepCycle(contextOf(db, now), "A2", APRIL, {
      ...{ step: "close", requested_at_ms: now },
    });
    const bill = (await invoiceSheet(db, next.issued!)).inputs;
    assert.deepEqual([bill.units_kwh, bill.from, bill.consumer.name], [
      ...[40, "2026-04-22", "Ravi Joshi"],
    ]);
    const sheet = await ask<{ status: string; cycles: unknown[]; balance_paise: number }>(
      ...[db, "account-show", { account_id: "A1" }] as const,
    );
    assert.deepEqual([sheet.status, sheet.cycles.length], ["closed", 1]);
    assert.ok(sheet.balance_paise > 0);
    const list = await ask<{ accounts: { account_id: string }[]; more: boolean }>(
      ...[db, "account-list", { limit: 1 }] as const,
    );
    assert.deepEqual([list.accounts[0]!.account_id, list.more], ["A1", true]);
  },

  "a move-out without a noted reading takes the meter's own, not an old one": async (db) => {
    await addAccount(db, 1);
    await addReading(db, 1, at("2026-04-20T06:00:00+05:30"), 1_158_500);
    const out = { account_id: "A1", reason: "moved out" };
    await assert.rejects(
      ask(db, "account-close", { ...out, at: "2026-04-25" }),
      /No reading of meter M1 in the 48 hours before/,
    );
    const closed = await ask<{ final_wh: number; closed_on: string }>(
      ...[db, "account-close", { ...out, at: "2026-04-21" }] as const,
    );
    assert.deepEqual([closed.final_wh, closed.closed_on], [1_158_500, "2026-04-20"]);
  },

  "an exchange noted late takes a draft back: no reading of one meter is held against another":
    async (
      db,
    ) => {
      await addAccount(db, 1, { sanctioned_load_w: 0 });
      await addMeter(db, 9);
      await addReading(db, 1, at("2026-04-30T17:00:00+05:30"), 1_250_000);
      const now = at("2026-05-02T10:00:00+05:30");
      const graced = { ...contextOf(db, now), rules: GRACE };
      await stepCycle(graced, "A1", APRIL, { step: "close", requested_at_ms: now });
      const late = { at: "2026-04-30T18:00:00+05:30", final_wh: 1_251_000 };
      await ask(db, "meter-exchange", { ...exchange, ...late }, now);
      await addReading(db, 9, at("2026-04-30T23:00:00+05:30"), 15_300);
      const { state } = await stepCycle(graced, "A1", APRIL, { step: "deadline" });
      assert.equal(state, "draft");
      const by = { reason: "looked at", actor: "asha", account_id: "A1", period: APRIL };
      const { issued } = await ask<{ issued: string }>(db, "draft-release", by, now);
      const { inputs } = await invoiceSheet(db, issued);
      // 1251 - 1000 of the old one, 15 - 12 of the new one.
      assert.equal(inputs.units_kwh, 254);
    },

  "a move-out takes a draft of its month back: the last bill goes to the final reading": async (
    db,
  ) => {
    await addAccount(db, 1);
    const asked = at("2026-04-10T10:00:00+05:30");
    await stepCycle(contextOf(db, asked), "A1", APRIL, { step: "close", requested_at_ms: asked });
    await addReading(db, 1, asked + 2_000, 1_050_900);
    const graced = { ...contextOf(db, asked + 5_000), rules: GRACE };
    const { state } = await stepCycle(graced, "A1", APRIL, { step: "look" });
    assert.equal(state, "draft");
    const out = { account_id: "A1", reason: "moved out", at: "2026-04-20", final_wh: 1_160_000 };
    await ask(db, "account-close", out);
    const { issued } = await stepCycle(contextOf(db), "A1", APRIL, {
      ...{ step: "close", requested_at_ms: NOW },
    });
    assert.equal((await invoiceSheet(db, issued!)).inputs.units_kwh, 160);
  },

  "nobody moves out of a month that has its bill: what was used since would be billed never":
    async (
      db,
    ) => {
      await addAccount(db, 1);
      const asked = at("2026-04-10T10:00:00+05:30");
      await stepCycle(contextOf(db, asked), "A1", APRIL, { step: "close", requested_at_ms: asked });
      await addReading(db, 1, asked + 2_000, 1_050_900);
      const { issued } = await stepCycle(contextOf(db, asked + 5_000), "A1", APRIL, {
        step: "look",
      });
      assert.ok(issued);
      const out = { account_id: "A1", reason: "moved out", at: "2026-04-20", final_wh: 1_160_000 };
      await assert.rejects(ask(db, "account-close", out), /2026-04 has its bill.*void it first/);
    },

  "a final reading is taken from, and held against, readings that count": async (db) => {
    await addAccount(db, 1);
    await addReading(db, 1, at("2026-04-20T05:00:00+05:30"), 1_158_500);
    await addReading(db, 1, at("2026-04-20T06:00:00+05:30"), 9_158_500);
    const { decideByPerson } = await import("../../../streams/validation/person.ts");
    const wrong = {
      ...{ meter_id: "M1", read_at_ms: at("2026-04-20T06:00:00+05:30"), deed: "reject" as const },
      ...{ value_wh: null, reason: "a digit too many", actor: "asha" },
    };
    await decideByPerson(db, wrong, NOW);
    const out = { account_id: "A1", reason: "moved out", at: "2026-04-20T12:00:00+05:30" };
    const closed = await ask<{ final_wh: number }>(db, "account-close", out);
    assert.equal(closed.final_wh, 1_158_500);
  },

  "a meter that was away and came back begins at the reading noted then": async (db) => {
    await addAccount(db, 1);
    await addReading(db, 1, at("2026-04-30T23:00:00+05:30"), 1_100_900);
    const may = at("2026-05-02T10:00:00+05:30");
    await stepCycle(contextOf(db, may), "A1", APRIL, { step: "close", requested_at_ms: may });
    const away = at("2026-04-30T23:00:00+05:30");
    await db.updateTable("installation")
      .set({ removed_at: new Date(away), final_reading_wh: 1_100_900 }).execute();
    // Elsewhere it counted 400 kWh.
    await db.insertInto("installation").values({
      ...{ account_id: "A1", meter_id: "M1", premises: "Pune", removed_at: null },
      ...{ installed_at: new Date(at("2026-05-10T10:00:00+05:30")), multiplying_factor: 1 },
      opening_reading_wh: 1_500_900,
    }).execute();
    await addReading(db, 1, at("2026-05-31T23:00:00+05:30"), 1_600_900);
    const june = at("2026-06-02T10:00:00+05:30");
    const { issued } = await stepCycle(contextOf(db, june), "A1", "2026-05", {
      ...{ step: "close", requested_at_ms: june },
    });
    assert.equal((await invoiceSheet(db, issued!)).inputs.units_kwh, 100);
  },

  "an estimate, its true-up, and the money of both": async (db) => {
    const context = (at_ms: number) => contextOf(db, at_ms);
    const estimated = await estimatedApril(db);
    // 8 kWh a day for 30 days.
    assert.deepEqual([estimated.inputs.units_kwh, estimated.inputs.estimate!.status], [
      ...[240, "reading_not_taken"],
    ]);
    await addReading(db, 1, at("2026-05-31T18:00:00+05:30"), 1_500_900);
    const june = at("2026-06-02T10:00:00+05:30");
    const may = await stepCycle(context(june), "A1", "2026-05", {
      ...{ step: "close", requested_at_ms: june },
    });
    const trued = await invoiceSheet(db, may.issued!);
    assert.deepEqual([trued.inputs.from, trued.inputs.units_kwh], ["2026-03-31", 500]);
    assert.deepEqual(trued.inputs.true_up, {
      estimated_to: "2026-04-30",
      estimated: [{
        ...{ number: estimated.number, period: APRIL, units_kwh: 240 },
        credited_paise: estimated.inputs.estimate!.creditable_paise,
      }],
    });
    // Voided, the estimate is open again, and the next bill trues it up once more.
    const { voidInvoice } = await import("../../../streams/billing/void.ts");
    await assert.rejects(
      voidInvoice(db, { bill: estimated.number, reason: "x", actor: "asha", now_ms: june }),
      /2026-05 begins where this one ends/,
    );
    await voidInvoice(db, { bill: may.issued!, reason: "x", actor: "asha", now_ms: june });
    const anew = await stepCycle(context(june + 1), "A1", "2026-05", {
      ...{ step: "close", requested_at_ms: june + 1 },
    });
    const again = await invoiceSheet(db, anew.issued!);
    assert.deepEqual(again.inputs.true_up, trued.inputs.true_up);
    assert.deepEqual(again.lines, trued.lines);
  },

  "what a credit note gave back of an estimate is not given back again": async (
    db,
  ) => {
    const april = await estimatedApril(db);
    const { creditBill } = await import("../../../streams/accounts/credit.ts");
    const june = at("2026-06-02T10:00:00+05:30");
    const deed = { reason: "too high", actor: "asha", now_ms: june };
    await creditBill(db, april.number, 10_000, deed);
    await addReading(db, 1, at("2026-05-31T18:00:00+05:30"), 1_500_900);
    const may = await stepCycle(contextOf(db, june), "A1", "2026-05", {
      ...{ step: "close", requested_at_ms: june },
    });
    const { true_up } = (await invoiceSheet(db, may.issued!)).inputs;
    const { creditable_paise } = april.inputs.estimate!;
    assert.equal(true_up!.estimated[0]!.credited_paise, creditable_paise - 10_000);
    // What is left of the bill is its fixed charge.
    const standing_paise = april.payable_paise - creditable_paise;
    await assert.rejects(
      creditBill(db, april.number, standing_paise + 1, deed),
      /can be credited/,
    );
    await creditBill(db, april.number, standing_paise, deed);
  },

  "a final bill waits for the month before it, which has its estimate first": async (db) => {
    const due = await waitingApril(db);
    const out = { account_id: "A1", reason: "moved out", at: "2026-05-03", final_wh: 1_300_000 };
    const moved = at("2026-05-04T10:00:00+05:30");
    await ask(db, "account-close", { ...out, actor: "asha" }, moved);
    const close = { step: "close", requested_at_ms: moved } as const;
    const waits = await stepCycle(contextOf(db, moved), "A1", "2026-05", close);
    assert.deepEqual([waits.state, waits.issued], ["awaiting_reading", null]);
    assert.match(waits.reason!, /^2026-04 goes first/);
    const step = (now: number, period: string) =>
      stepCycle(contextOf(db, now), "A1", period, { step: "deadline" });
    assert.equal((await step(due - 60_000, "2026-05")).state, "awaiting_reading");
    assert.equal((await step(due, APRIL)).state, "issued");
    const { issued } = await step(due + 900_000, "2026-05");
    const { inputs } = await invoiceSheet(db, issued!);
    assert.deepEqual([inputs.final, inputs.to], [true, "2026-05-03"]);
    assert.deepEqual(inputs.true_up!.estimated.map(({ period }) => period), [APRIL]);
  },

  "who moves in and out on one day has no bill, and is told what is left to do": async (db) => {
    for (
      const [n, final_wh, words] of [
        [1, 1_000_900, /closed on 2026-03-31.*there is no bill to make, and nothing is left to do/],
        [
          2,
          1_005_900,
          /there is no bill for the 5 kWh of that day; charge them by "samay account a/,
        ],
      ] as const
    ) {
      await addAccount(db, n);
      const out = { account_id: `A${n}`, at: "2026-03-31T20:00:00+05:30", final_wh };
      await ask(db, "account-close", { ...out, reason: "moved out", actor: "asha" });
      const close = { step: "close", requested_at_ms: NOW } as const;
      const { state, reason } = await stepCycle(contextOf(db), `A${n}`, "2026-03", close);
      assert.equal(state, "parked");
      assert.match(reason!, words);
    }
  },

  "a draft waits in its row, is listed, shown, dropped and released, with who and why": async (
    db,
  ) => {
    for (const n of [1, 2, 3]) {
      await addAccount(db, n);
      await addReading(db, n, at("2026-04-30T17:00:00+05:30"), 1_250_000 + n);
    }
    const now = at("2026-05-02T10:00:00+05:30");
    const graced = (at_ms: number) => ({ ...contextOf(db, at_ms), rules: GRACE });
    for (const account of ["A1", "A2", "A3"]) {
      const close = { step: "close" as const, requested_at_ms: now };
      const { state, issued } = await stepCycle(graced(now), account, APRIL, close);
      assert.deepEqual([state, issued], ["draft", null]);
    }
    assert.equal((await counts(db)).invoices, 0);
    const rows = await ask<{ account_id: string; units_kwh: number }[]>(db, "draft-list", {}, now);
    assert.deepEqual(rows.map((row) => [row.account_id, row.units_kwh]), [
      ["A1", 250],
      ["A2", 250],
      ["A3", 250],
    ]);
    const key = { account_id: "A1", period: APRIL };
    const sheet = await ask<{ bill: { inputs: { units_kwh: number } } }>(
      ...[db, "draft-show", key, now] as const,
    );
    assert.equal(sheet.bill.inputs.units_kwh, 250);
    assert.equal((await counts(db)).invoices, 0);
    const by = { reason: "looked at", actor: "asha" };
    const released = await ask<{ issued: string }>(db, "draft-release", { ...key, ...by }, now);
    assert.equal(released.issued, "MH/2026-27/000001");
    await assert.rejects(ask(db, "draft-release", { ...key, ...by }, now), TerminalError);
    const second = { account_id: "A2", period: APRIL };
    await ask(db, "draft-drop", { ...second, ...by, reason: "wrong load" }, now);
    const { cyclesDue } = await import("../../../streams/billing/awaiting.ts");
    const due = now + GRACE.draft_grace_ms;
    assert.deepEqual(await cyclesDue(db, due, 10), [{ account_id: "A3", period: APRIL }]);
    const third = await stepCycle(graced(due), "A3", APRIL, { step: "deadline" });
    assert.equal(third.issued, "MH/2026-27/000002");
    const audit = await db.selectFrom("audit").select(["action", "actor", "subject"])
      .where("action", "like", "draft.%").orderBy("audit_id").execute();
    assert.deepEqual(audit, [
      { action: "draft.released", actor: "asha", subject: "A1" },
      { action: "draft.dropped", actor: "asha", subject: "A2" },
    ]);
    const parked = await db.selectFrom("billing_cycle").select(["state", "reason"])
      .where("account_id", "=", "A2").executeTakeFirstOrThrow();
    assert.deepEqual(parked, { state: "parked", reason: "draft dropped: wrong load" });
  },
});
