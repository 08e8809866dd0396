/** The verbs of data in and out: exports by pages, imports by parts. */
import { id } from "../../protocol/messages/common.ts";
import { z } from "../../protocol/schema.ts";
import { exportAccounts, exportInvoices } from "../data/export_bills.ts";
import { exportPoints, exportReadings } from "../data/export_queries.ts";
import { verb, type Verbs } from "./office.ts";

/** Rows in one answer: well inside the broker's message limit of 1 MB. */
export const PAGE_MAX = { points: 2_000, readings: 2_000, invoices: 200, accounts: 500 } as const;

/** To the year 2100, as the tables of readings go. */
const instant = z.int().min(0).max(4_102_444_800_000);
const limit = (max: number) => z.int().min(1).max(max).default(max);
const span = { from_ms: instant, to_ms: instant };
const obis = z.string().regex(/^[0-9A-Za-z.:*-]{1,32}$/, "an OBIS code such as 1-0:1.8.0");

export const dataVerbs: Verbs = {
  "data-export-points": verb(
    z.object({
      ...span,
      account_id: id.optional(),
      meter_id: id.optional(),
      after: z.object({ account_id: id, installation_id: z.int().positive() }).optional(),
      limit: limit(PAGE_MAX.points),
    }),
    async (asked, { db }) => await exportPoints(db, asked),
  ),
  "data-export-readings": verb(
    z.object({
      ...span,
      meter_id: id.optional(),
      obis: obis.optional(),
      after: z.object({ meter_id: id, obis, read_at_ms: instant }).optional(),
      limit: limit(PAGE_MAX.readings),
    }),
    async (asked, { db }) => await exportReadings(db, asked),
  ),
  "data-export-invoices": verb(
    z.object({
      ...span,
      account_id: id.optional(),
      after: z.int().nonnegative().default(0),
      limit: limit(PAGE_MAX.invoices),
    }),
    async (asked, { db }) => await exportInvoices(db, asked),
  ),
  "data-export-accounts": verb(
    z.object({
      from: z.iso.date(),
      to: z.iso.date(),
      account_id: id.optional(),
      after: z.string().max(32).default(""),
      limit: limit(PAGE_MAX.accounts),
    }),
    async (asked, { db }) => await exportAccounts(db, asked),
  ),
};
