/** The verbs of data in and out: exports by pages, imports by parts. */
import { id } from "../../protocol/messages/common.ts";
import { z } from "../../protocol/schema.ts";
import { exportAccounts, exportInvoices } from "../data/export_bills.ts";
import { requireKnown } from "../data/export_known.ts";
import { exportPoints, exportReadings } from "../data/export_queries.ts";
import { lookUpInstallations } from "../data/import_installed.ts";
import { keysOfMeters, lookUpMeters } from "../data/import_meters.ts";
import { IMPORT_KINDS } from "../data/import_rows.ts";
import {
  endImport,
  faultsOf,
  findImport,
  layRows,
  openImport,
  PART_ROWS_MAX,
} from "../data/import_stage.ts";
import { takeImport } from "../data/import_take.ts";
import { requireKek } from "./meter_entry.ts";
import { cycleRulesOf, verb, type Verbs } from "./office.ts";

/** Rows in one answer: well inside the broker's message limit of 1 MB. */
export const PAGE_MAX = {
  points: 2_000,
  readings: 2_000,
  // A bill over four versions of its tariff has some forty lines: 7 KB.
  invoices: 100,
  accounts: 500,
  faults: 1_000,
} as const;

/** The year 2100: so far the tables of readings go. */
export const INSTANT_MAX_MS = 4_102_444_800_000;
const instant = z.int().min(0).max(INSTANT_MAX_MS);
const limit = (max: number) => z.int().min(1).max(max).default(max);
const span = { from_ms: instant, to_ms: instant };
const obis = z.string().regex(/^[0-9A-Za-z.:*-]{1,32}$/, "an OBIS code such as 1-0:1.8.0");

const import_id = z.int().positive();
/** Behind which row. */
const line = z.int().nonnegative().default(0);

const exportVerbs: Verbs = {
  "data-export-points": verb(
    z.object({
      ...span,
      account_id: id.optional(),
      meter_id: id.optional(),
      after: z.object({ account_id: id, installation_id: z.int().positive() }).optional(),
      limit: limit(PAGE_MAX.points),
    }),
    async (asked, { db }) => {
      await requireKnown(db, asked);
      return await exportPoints(db, asked);
    },
  ),
  "data-export-readings": verb(
    z.object({
      ...span,
      meter_id: id.optional(),
      obis: obis.optional(),
      after: z.object({ meter_id: id, obis, read_at_ms: instant }).optional(),
      limit: limit(PAGE_MAX.readings),
    }),
    async (asked, { db }) => {
      await requireKnown(db, asked);
      return await exportReadings(db, asked);
    },
  ),
  "data-export-invoices": verb(
    z.object({
      ...span,
      account_id: id.optional(),
      after: z.int().nonnegative().default(0),
      limit: limit(PAGE_MAX.invoices),
    }),
    async (asked, { db }) => {
      await requireKnown(db, asked);
      return await exportInvoices(db, asked);
    },
  ),
  "data-export-accounts": verb(
    z.object({
      from: z.iso.date(),
      to: z.iso.date(),
      account_id: id.optional(),
      after: z.string().max(32).default(""),
      limit: limit(PAGE_MAX.accounts),
    }),
    async (asked, { db }) => {
      await requireKnown(db, asked);
      return await exportAccounts(db, asked);
    },
  ),
};

const importVerbs: Verbs = {
  "data-import-open": verb(
    z.object({ kind: z.enum(IMPORT_KINDS) }),
    async ({ kind }, context) => {
      // Meters without keys would be of no use: that is known before a row is sent.
      if (kind === "meters") requireKek(context, "give meters their keys");
      return { import_id: await openImport(context.db, kind) };
    },
  ),
  "data-import-rows": verb(
    z.object({
      import_id,
      rows: z.array(z.object({
        row: z.int().min(2).max(10_000_000),
        values: z.record(z.string().max(64), z.string().max(1_000)),
      })).min(1).max(PART_ROWS_MAX),
    }),
    async ({ import_id, rows }, context) =>
      await layRows(context.db, import_id, rows, cycleRulesOf(context).tariffs),
  ),
  "data-import-look-up": verb(
    z.object({ import_id, after: line }),
    async ({ import_id, after }, context) => {
      const { kind } = await findImport(context.db, import_id);
      if (kind === "installations") return await lookUpInstallations(context, import_id, after);
      return { next: await lookUpMeters(context, import_id, after), notes: [] };
    },
  ),
  "data-import-take": verb(
    z.object({
      import_id,
      dry_run: z.boolean(),
      actor: z.string().trim().min(1).max(64).default("office"),
      reason: z.string().trim().max(200).default(""),
      file: z.string().max(300),
    }).refine(({ dry_run, reason }) => dry_run || reason !== "", "say why"),
    async (asked, context) => {
      const { tariffs } = cycleRulesOf(context);
      return await takeImport(context.db, { ...asked, tariffs, now_ms: context.now_ms() });
    },
  ),
  "data-import-faults": verb(
    z.object({
      import_id,
      after: z.object({ line: z.int(), fault_id: z.int() }).default({ line: -1, fault_id: 0 }),
      limit: limit(PAGE_MAX.faults),
    }),
    async ({ import_id, after, limit }, { db }) => await faultsOf(db, import_id, after, limit),
  ),
  "data-import-keys": verb(
    z.object({ import_id, after: line }),
    async ({ import_id, after }, context) => await keysOfMeters(context, import_id, after),
  ),
  "data-import-end": verb(
    z.object({ import_id }),
    async ({ import_id }, { db }) => await endImport(db, import_id),
  ),
};

export const dataVerbs: Verbs = { ...exportVerbs, ...importVerbs };
