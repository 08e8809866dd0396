/** The verbs of tariffs: what is published month by month. */
import { tariffOf } from "../../actors/billing/tariff/catalogue.ts";
import type { TariffDocument } from "../../actors/billing/tariff/document.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { period } from "../../protocol/messages/billing.ts";
import { z } from "../../protocol/schema.ts";
import { listFac, setFac } from "../billing/fac.ts";
import { cycleRulesOf, verb, type Verbs } from "./office.ts";

const LIST_MAX = 500;
/** As many as a tariff can have slabs. */
const RATES_MAX = 16;
const tariff_id = z.string().trim().min(1).max(64);

const facSet = verb(
  z.object({
    tariff_id,
    month: period,
    rates: z.array(z.int().nonnegative()).min(1).max(RATES_MAX),
    source: z.string().trim().min(1, "say who published it, and where").max(200),
    bills_stand: z.boolean().default(false),
    reason: z.string().trim().min(1, "say why").max(200),
    actor: z.string().trim().min(1).max(64).default("office"),
  }),
  async ({ tariff_id, ...given }, context) =>
    await setFac(context.db, knownTariff(tariff_id, cycleRulesOf(context).tariffs), given),
);

const facList = verb(
  z.object({
    tariff_id: tariff_id.optional(),
    all: z.boolean().default(false),
    limit: z.int().min(1).max(LIST_MAX).default(100),
  }),
  async (given, { db }) => ({ months: await listFac(db, given) }),
);

function knownTariff(id: string, documents: readonly TariffDocument[]) {
  try {
    return tariffOf(id, documents);
  } catch (error) {
    if (error instanceof RangeError) throw new TerminalError(error.message);
    throw error;
  }
}

export const tariffVerbs: Verbs = { "fac-set": facSet, "fac-list": facList };
