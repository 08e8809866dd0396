/** The verbs of the readings: what waits in quarantine, why, and what a person decides about it. */
import { judgeReading } from "../../actors/validation/judge.ts";
import { type RuleCode, VALIDATION_RULES } from "../../actors/validation/rules.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { id, instant_ms } from "../../protocol/messages/common.ts";
import { period } from "../../protocol/messages/billing.ts";
import { z } from "../../protocol/schema.ts";
import { auditOf } from "../database/audit.ts";
import { ENERGY } from "../database/readings.ts";
import { loadReadingFacts } from "../validation/facts.ts";
import { countQuarantined, listDecisions } from "../validation/list.ts";
import { decideMany } from "../validation/many.ts";
import { decideByPerson, findReading, readingSubject } from "../validation/person.ts";
import { validationLag } from "../validation/sweep.ts";
import { type OfficeContext, verb, type Verbs } from "./office.ts";

const LIST_MAX = 500;
/** A register shows at most so much: twelve digits before the point. */
const VALUE_MAX_WH = 1e15 - 1;
const which = { meter: id, read_at_ms: instant_ms };

const rulesOf = ({ rules }: OfficeContext) => rules ?? VALIDATION_RULES;

const readingList = verb(
  z.object({
    meter: id.optional(),
    all: z.boolean().default(false),
    limit: z.int().min(1).max(LIST_MAX).default(50),
  }),
  async ({ meter, all, limit }, { db }) => ({
    readings: await listDecisions(db, {
      all,
      limit,
      ...(meter === undefined ? {} : { meter_id: meter }),
    }),
    quarantined: await countQuarantined(db),
    behind: (await validationLag(db)).behind,
  }),
);

const readingShow = verb(z.object(which), async ({ meter, read_at_ms }, context) => {
  const { db, now_ms } = context;
  const reading = await findReading(db, meter, read_at_ms);
  if (reading === undefined) {
    throw new TerminalError(`Meter ${meter} has no reading of that moment`);
  }
  const { read_at } = reading;
  const of = { meter_id: meter, obis: ENERGY, read_at };
  const rules = rulesOf(context);
  const at = { meter_id: meter, read_at_ms: read_at.getTime() };
  const { hours } = rules.rules.frozen_register;
  const [loaded] = await loadReadingFacts(db, [at], now_ms(), hours);
  return {
    reading,
    checks: loaded === undefined ? [] : judgeReading(rules, loaded.facts).checks,
    decisions: await db.selectFrom("reading_decision").selectAll()
      .where("meter_id", "=", meter).where("obis", "=", ENERGY).where("read_at", "=", read_at)
      .orderBy("decision_id").limit(LIST_MAX).execute(),
    conflicts: await db.selectFrom("reading_conflict").selectAll()
      .where((where) => where.and(of)).orderBy("seen_at").limit(LIST_MAX).execute(),
    audit: await auditOf(db, readingSubject(meter, read_at)),
  };
});

const readingDecide = verb(
  z.object({
    ...which,
    deed: z.enum(["approve", "edit", "substitute", "reject"]),
    value_wh: z.int().nonnegative().max(VALUE_MAX_WH).optional(),
    reason: z.string().trim().min(1, "say why").max(200),
    actor: z.string().trim().min(1).max(64).default("office"),
  }).refine(
    ({ deed, value_wh }) => (deed === "edit" || deed === "substitute") === (value_wh !== undefined),
    { path: ["value_wh"], message: "given to edit or to substitute, and only then" },
  ),
  async ({ meter, value_wh, ...given }, { db, now_ms }) =>
    await decideByPerson(db, { ...given, meter_id: meter, value_wh: value_wh ?? null }, now_ms()),
);

const ruleCode = z.string().refine(
  (code): code is RuleCode => Object.hasOwn(VALIDATION_RULES.rules, code),
  "no rule of this name: see samay reading rules",
);

const readingDecideMany = verb(
  z.object({
    deed: z.enum(["approve", "reject"]),
    rule: ruleCode,
    period,
    meter: id.optional(),
    dry_run: z.boolean(),
    reason: z.string().trim().min(1, "say why").max(200),
    actor: z.string().trim().min(1).max(64).default("office"),
  }),
  async ({ meter, rule, ...given }, { db, now_ms }) => {
    const of = meter === undefined ? {} : { meter_id: meter };
    return await decideMany(db, { ...given, ...of, rule: rule as RuleCode }, now_ms());
  },
);

export const readingVerbs: Verbs = {
  "reading-list": readingList,
  "reading-show": readingShow,
  "reading-decide": readingDecide,
  "reading-decide-many": readingDecideMany,
  "reading-rules": verb(z.object({}), (_input, context) => Promise.resolve(rulesOf(context))),
};
