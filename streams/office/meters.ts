/** `meter-list` and `meter-show`: what the head-end knows of its meters. */
import { TerminalError } from "../../protocol/errors.ts";
import { id } from "../../protocol/messages/common.ts";
import { SUITE_USUAL } from "../../protocol/messages/enrolment.ts";
import { z } from "../../protocol/schema.ts";
import { auditOf } from "../database/audit.ts";
import { listMeters, type MeterLine, type MeterView, showMeter } from "../database/meter_views.ts";
import { verb } from "./office.ts";
import { actorOf, type Generation, generationsOf, inUseOf } from "./generations.ts";
import { ENROLMENTS, findEntry } from "./meter_entry.ts";
import { type SlaveWords, slaveWords } from "./slave_words.ts";

/** Lines in one answer: well inside the broker's message limit of 1 MB. */
export const LINES_MAX = 1_000;
const AUDIT_MAX = 10;

export interface MeterList {
  readonly meters: readonly MeterLine[];
  /** There are more: ask again with `after` set to the last one's name. */
  readonly more: boolean;
}

export const meterList = verb(
  z.object({
    after: id.optional(),
    slave_id: id.optional(),
    limit: z.int().min(1).max(LINES_MAX).default(LINES_MAX),
  }),
  async ({ limit, ...given }, { db }): Promise<MeterList> => {
    const rest = Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined),
    );
    const found = await listMeters(db, { ...rest, limit: limit + 1 });
    return { meters: found.slice(0, limit), more: found.length > limit };
  },
);

export interface MeterSheet extends MeterView {
  /** The meter's actor as its master last showed it; null before its first frame. */
  readonly actor: unknown;
  /** Its keys, the newest first. */
  readonly generations: readonly Generation[];
  /** Cipher suite of TVES/2 that its slave seals with; null where it has no key. */
  readonly suite: number | null;
  /** What its slave last said of itself, in words. */
  readonly slave_words: SlaveWords;
  readonly audit: Awaited<ReturnType<typeof auditOf>>;
}

export const meterShow = verb(
  z.object({ meter_id: id }),
  async ({ meter_id }, context): Promise<MeterSheet> => {
    const view = await showMeter(context.db, meter_id);
    if (view === undefined) throw unknownMeter(meter_id);
    const actor = await actorOf(context.broker, meter_id);
    const found = await findEntry(await context.broker.bucket(ENROLMENTS), meter_id);
    return {
      ...view,
      actor,
      generations: found === undefined ? [] : generationsOf(found.entry, inUseOf(actor)),
      suite: found === undefined ? null : found.entry.suite ?? SUITE_USUAL,
      slave_words: slaveWords(
        ...[view.meter.slave_id, meter_id, view.slave, context.now_ms()] as const,
        view.latest,
      ),
      audit: await auditOf(context.db, meter_id, AUDIT_MAX),
    };
  },
);

export function unknownMeter(meter_id: string): TerminalError {
  return new TerminalError(`No meter ${meter_id} is enrolled; see: samay meter list`);
}
