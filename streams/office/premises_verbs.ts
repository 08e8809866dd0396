/** The verbs of premises: accounts, who moves in and out, and meters that are exchanged. */
import { indianDateOf, startOfIndianDate_ms } from "../../protocol/indian_time.ts";
import { id } from "../../protocol/messages/common.ts";
import { z } from "../../protocol/schema.ts";
import { listAccounts, showAccount } from "../premises/accounts.ts";
import { exchangeMeter } from "../premises/exchange.ts";
import { moveIn, moveOut } from "../premises/move.ts";
import { noteReading } from "../premises/note.ts";
import { billsNobodyYet, enrolInput, rowsOfEnrolment } from "./enrol_input.ts";
import { cycleRulesOf, verb, type Verbs } from "./office.ts";

/** Lines in one answer: well inside the broker's message limit of 1 MB. */
const LINES_MAX = 1_000;
const HALF_A_DAY_MS = 43_200_000;

const deed = {
  reason: z.string().trim().min(1, "say why").max(200),
  actor: z.string().trim().min(1).max(64).default("office"),
};
const wh = z.int().nonnegative().max(1_000_000_000_000);
/** A moment, or a day in India: noon of it, or now where that is earlier. */
const moment = z.union([z.iso.datetime({ offset: true }), z.iso.date()]).optional();
const factor = z.number().positive().max(1_000_000);

function momentOf(given: z.output<typeof moment>, now_ms: number): number {
  if (given === undefined) return now_ms;
  if (given.includes("T")) return Date.parse(given);
  const noon_ms = startOfIndianDate_ms(given) + HALF_A_DAY_MS;
  return given === indianDateOf(now_ms) ? Math.min(noon_ms, now_ms) : noon_ms;
}

const accountList = verb(
  z.object({
    after: id.optional(),
    status: z.enum(["active", "closed"]).optional(),
    consumer: z.string().min(1).max(32).optional(),
    limit: z.int().min(1).max(LINES_MAX).default(LINES_MAX),
  }),
  async ({ limit, after, status, consumer }, { db }) => {
    const found = await listAccounts(db, {
      ...(after === undefined ? {} : { after }),
      ...(status === undefined ? {} : { status }),
      ...(consumer === undefined ? {} : { consumer }),
      limit: limit + 1,
    });
    return { accounts: found.slice(0, limit), more: found.length > limit };
  },
);

const accountShow = verb(
  z.object({ account_id: id }),
  async ({ account_id }, { db }) => await showAccount(db, account_id),
);

const accountClose = verb(
  z.object({ account_id: id, at: moment, final_wh: wh.nullable().default(null), ...deed }),
  async ({ at, ...input }, { db, now_ms }) => {
    const now = now_ms();
    return await moveOut(db, { ...input, at_ms: momentOf(at, now), now_ms: now });
  },
);

const accountOpen = verb(
  enrolInput.pick({
    ...{ meter_id: true, consumer_number: true, name: true, address: true, phone: true },
    ...{ email: true, language: true, account_id: true, tariff_id: true, phase: true },
    ...{ municipal: true, sanctioned_load_w: true, contract_va: true, multiplying_factor: true },
  }).extend({ at: moment, start_wh: wh, ...deed }),
  async ({ at, start_wh, reason, actor, ...given }, context) => {
    const { db } = context;
    const now = context.now_ms();
    const at_ms = momentOf(at, now);
    // The slave that reads the meter is known with the meter.
    const asked = { ...given, slave_id: "unused", opening_reading_wh: start_wh };
    const { consumer, account } = rowsOfEnrolment(
      { ...asked, installed_at_ms: at_ms },
      now,
      cycleRulesOf(context).tariffs,
    );
    const { meter_id, multiplying_factor } = given;
    const moved = await moveIn(db, {
      ...{ consumer, account, meter_id, multiplying_factor, at_ms, start_wh },
      ...{ reason, actor, now_ms: now },
    });
    const bills_nobody = billsNobodyYet(given.tariff_id, cycleRulesOf(context).tariffs, now);
    return { account_id: account.account_id, ...moved, bills_nobody };
  },
);

const meterExchange = verb(
  z.object({
    old_meter_id: id,
    new_meter_id: id,
    at: moment,
    final_wh: wh,
    start_wh: wh,
    multiplying_factor: factor.optional(),
    ...deed,
  }),
  async ({ at, ...input }, { db, now_ms }) => {
    const now = now_ms();
    return await exchangeMeter(db, { ...input, at_ms: momentOf(at, now), now_ms: now });
  },
);

const meterNote = verb(
  z.object({
    ...{ meter_id: id, account_id: id, which: z.enum(["final", "start"]), value_wh: wh },
    ...deed,
  }),
  async (input, { db, now_ms }) => await noteReading(db, { ...input, now_ms: now_ms() }),
);

export const premisesVerbs: Verbs = {
  "account-list": accountList,
  "account-show": accountShow,
  "account-close": accountClose,
  "account-open": accountOpen,
  "meter-exchange": meterExchange,
  "meter-note": meterNote,
};
