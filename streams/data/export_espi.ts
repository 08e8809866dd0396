/** Readings and bills as a Green Button file: entry after entry, one meter's day at a time in memory. */
import {
  entry,
  FEED_END,
  feedStart,
  localTime,
  meterReading,
  readingType,
  usagePoint,
} from "../../protocol/espi/feed.ts";
import {
  type Interval,
  intervalBetween,
  type RegisterReading,
  usualSpacing_s,
} from "../../protocol/espi/intervals.ts";
import { qualityCode, worseQuality } from "../../protocol/espi/quality.ts";
import { intervalBlock, usageSummary } from "../../protocol/espi/usage.ts";
import { indianDateOf } from "../../protocol/indian_time.ts";
import { ENERGY } from "../database/readings.ts";
import { INSTANT_MAX_MS, PAGE_MAX } from "../office/data_verbs.ts";
import type { Ask } from "../office/operator.ts";
import type { ExportInvoice } from "./export_bills.ts";
import type { ExportPoint, ExportReading } from "./export_queries.ts";
import { pagesOf } from "./pages.ts";
import { uuidOf } from "./uuid.ts";

const DAY_S = 86_400;
/** So far behind a span its last interval may end: a month that is read late. */
const BEHIND_MS = 62 * DAY_S * 1_000;
/** A block holds so many intervals at most, whatever a day brings. */
const BLOCK_MAX = 1_500;

export interface EspiAsked {
  readonly account_id?: string | undefined;
  readonly meter_id?: string | undefined;
  readonly from_ms: number;
  readonly to_ms: number;
  readonly now_ms: number;
}

export interface EspiWritten {
  usage_points: number;
  intervals: number;
  /** Pairs of neighbouring readings between which nothing is told. */
  missing: number;
  bills: number;
}

/** Writes the feed of `asked` to `write`. */
export async function exportEspi(
  ask: Ask,
  asked: EspiAsked,
  write: (text: string) => void,
  onPoint: (done: number) => void = () => {},
): Promise<EspiWritten> {
  const { account_id, meter_id, from_ms, to_ms, now_ms } = asked;
  const written: EspiWritten = { usage_points: 0, intervals: 0, missing: 0, bills: 0 };
  const feed = `feed ${account_id ?? ""} ${meter_id ?? ""} ${from_ms} ${to_ms}`;
  write(feedStart({ uuid: uuidOf(feed), title: "Green Button usage feed", now_ms }));
  const zone = `LocalTimeParameters/${uuidOf("India")}`;
  write(entry({
    ...{ uuid: uuidOf("India"), place: zone, title: "Indian Standard Time", content: localTime() },
    at_ms: now_ms,
  }));
  let account: string | undefined;
  let done = 0;
  const points = pagesOf<ExportPoint>(
    ask,
    "data-export-points",
    { account_id, meter_id, from_ms, to_ms },
    PAGE_MAX.points,
    ({ account_id, installation_id }) => ({ account_id, installation_id }),
  );
  for await (const page of points) {
    for (const point of page) {
      if (point.account_id !== account) {
        account = point.account_id;
        written.usage_points++;
        const place = `UsagePoint/${uuidOf(`account ${account}`)}`;
        const related = [`${place}/MeterReading`, `${place}/UsageSummary`, zone];
        write(entry({
          ...{ uuid: uuidOf(`account ${account}`), place, related, content: usagePoint() },
          ...{ title: `Account ${account}`, at_ms: now_ms },
        }));
        written.bills += await writeBills(ask, account, place, asked, write);
      }
      await writePoint(ask, point, asked, write, written);
      onPoint(++done);
    }
  }
  write(FEED_END);
  return written;
}

async function writeBills(
  ask: Ask,
  account_id: string,
  point: string,
  { from_ms, to_ms }: EspiAsked,
  write: (text: string) => void,
): Promise<number> {
  const input = { account_id, from_ms, to_ms };
  const pages = pagesOf<ExportInvoice>(
    ...[ask, "data-export-invoices", input, PAGE_MAX.invoices] as const,
    ({ invoice_id }) => invoice_id,
  );
  let count = 0;
  for await (const page of pages) {
    for (const bill of page.filter(({ state }) => state === "issued")) {
      const uuid = uuidOf(`bill ${bill.number}`);
      write(entry({
        ...{ uuid, place: `${point}/UsageSummary/${uuid}`, title: `Bill ${bill.number}` },
        content: usageSummary({
          ...bill,
          start_ms: bill.opening_read_at_ms,
          end_ms: bill.closing_read_at_ms,
          tariff: bill.tariff_id,
        }),
        at_ms: bill.issued_at_ms,
      }));
      count++;
    }
  }
  return count;
}

async function writePoint(
  ask: Ask,
  point: ExportPoint,
  asked: EspiAsked,
  write: (text: string) => void,
  written: EspiWritten,
): Promise<void> {
  const { meter_id, multiplying_factor: factor } = point;
  const reading = `installation ${point.installation_id}`;
  const usage = `UsagePoint/${uuidOf(`account ${point.account_id}`)}`;
  const place = `${usage}/MeterReading/${uuidOf(reading)}`;
  const kind = uuidOf(`${reading} type`);
  const at_ms = asked.now_ms;
  let given: { factor: number; usual_s: number } | undefined;
  let before: RegisterReading | undefined;
  let block: Interval[] = [];
  const flush = () => {
    if (block.length === 0) return;
    const uuid = uuidOf(`${reading} block ${block[0]!.start_s}`);
    const place_ = `${place}/IntervalBlock/${uuid}`;
    write(entry({ uuid, place: place_, title: "", content: intervalBlock(block), at_ms }));
    written.intervals += block.length;
    block = [];
  };
  const start = (usual_s: number | null) => {
    given = { factor, usual_s: usual_s ?? Infinity };
    const related = [`${place}/IntervalBlock`, `ReadingType/${kind}`];
    write(entry({
      ...{ uuid: uuidOf(reading), place, related, at_ms, content: meterReading() },
      title: `Energy of meter ${meter_id}`,
    }));
    write(entry({
      ...{ uuid: kind, place: `ReadingType/${kind}`, title: "Energy delivered, Wh", at_ms },
      content: readingType(usual_s ?? undefined),
    }));
  };
  for await (const page of readingsOf(ask, point, asked)) {
    if (given === undefined) start(usualSpacing_s(page));
    for (const row of page) {
      const { read_at_ms, value: value_wh, quality, flags } = row;
      const now = { read_at_ms, value_wh, quality: qualityCode(quality, flags) };
      const interval = before && intervalBetween(before, now, given!, worseQuality);
      before = now;
      if (interval === undefined) continue;
      if (interval === null) {
        written.missing++;
        continue;
      }
      if (block.length >= BLOCK_MAX || isAnotherDay(block, interval)) flush();
      block.push(interval);
    }
  }
  flush();
}

function isAnotherDay(block: readonly Interval[], next: Interval): boolean {
  const first = block[0];
  return first !== undefined &&
    indianDateOf(first.start_s * 1_000) !== indianDateOf(next.start_s * 1_000);
}

/**
 * The energy readings of a point within the span, and the first one behind it: an interval belongs to
 * the span in which it begins, so that files of spans that follow one another have each once.
 */
async function* readingsOf(ask: Ask, point: ExportPoint, asked: EspiAsked) {
  const { meter_id, installed_at_ms, removed_at_ms } = point;
  const from_ms = Math.max(asked.from_ms, installed_at_ms);
  const to_ms = Math.min(asked.to_ms, removed_at_ms ?? Infinity);
  if (from_ms >= to_ms) return;
  const input = { meter_id, obis: ENERGY, from_ms, to_ms };
  let last: ExportReading | undefined;
  const pages = pagesOf<ExportReading>(
    ...[ask, "data-export-readings", input, PAGE_MAX.readings] as const,
    ({ meter_id, obis, read_at_ms }) => ({ meter_id, obis, read_at_ms }),
  );
  for await (const page of pages) {
    last = page.at(-1);
    yield page;
  }
  // Of a meter that was taken down within the span nothing lies behind.
  if (last === undefined || to_ms !== asked.to_ms) return;
  const behind = await ask("data-export-readings", {
    ...{ meter_id, obis: ENERGY, from_ms: to_ms, limit: 1 },
    to_ms: Math.min(to_ms + BEHIND_MS, removed_at_ms ?? Infinity, INSTANT_MAX_MS),
  }) as ExportReading[];
  if (behind.length > 0) yield behind;
}
