/** One reading, followed from the meter's register to the lines of the bill. */
import { toHex } from "../../protocol/bytes.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import { rupees } from "../delivery/format.ts";
import type { SlaveObserver } from "../edge/slave.ts";
import type { Paint } from "../terminal/colour.ts";

/** Characters of hexadecimal on one printed line. */
const HEX_LINE = 64;

/** What the slave saw of the reading: filled in by its observer. */
export interface EdgeTrace {
  register: string;
  readAt_ms: number;
  identification: string;
  frame: string;
  sealedIn_s: number;
  sequence: string;
  confirmed: boolean;
}

/** An observer that keeps the newest reading of `meterId`, and the trace it fills. */
export function traceReading(meterId: string): { trace: EdgeTrace; observer: SlaveObserver } {
  const trace: EdgeTrace = {
    register: "",
    readAt_ms: 0,
    identification: "",
    frame: "",
    sealedIn_s: 0,
    sequence: "",
    confirmed: false,
  };
  const observer: SlaveObserver = {
    read: (readout, reading) => {
      const energy = readout.registers.find((register) => register.obis === "1-0:1.8.0");
      trace.register = `1.8.0(${energy?.text}*${energy?.unit})`;
      trace.identification = readout.identification;
      trace.readAt_ms = reading.read_at_ms;
      trace.confirmed = false;
    },
    sealed: (reading, sealed) => {
      if (reading.meter_id !== meterId || reading.read_at_ms !== trace.readAt_ms) return;
      trace.frame = toHex(sealed.frame);
      trace.sealedIn_s = sealed.t_s;
      trace.sequence =
        `generation ${sealed.generation}, boot ${sealed.boot}, sequence ${sealed.sequence}`;
    },
    confirmed: (keys) => {
      trace.confirmed ||= keys.some((key) =>
        key.meter_id === meterId && key.read_at_ms === trace.readAt_ms
      );
    },
  };
  return { trace, observer };
}

/** The lines that tell the way of the reading in `trace`, the bill's included. */
export async function tellStory(
  db: Kysely<Database>,
  meterId: string,
  accountId: string,
  trace: EdgeTrace,
  paint: Paint,
): Promise<string[]> {
  const row = await db.selectFrom("raw_reading").selectAll()
    .where("meter_id", "=", meterId).where("obis", "=", "1-0:1.8.0")
    .where("read_at", "=", new Date(trace.readAt_ms)).executeTakeFirstOrThrow();
  const invoice = await db.selectFrom("invoice").selectAll()
    .where("account_id", "=", accountId).where("state", "=", "issued")
    .executeTakeFirstOrThrow();
  const lines = await db.selectFrom("invoice_line").selectAll()
    .where("invoice_id", "=", invoice.invoice_id).orderBy("position").execute();
  const stage = (name: string, text: string) => `  ${paint("bold", name.padEnd(9))} ${text}`;
  const second = (t_s: number | null) =>
    t_s === null ? "-" : `${t_s} (${new Date(t_s * 1_000).toISOString().slice(11, 19)} UTC)`;
  return [
    stage(
      "register",
      `${trace.register} from ${trace.identification}, read ${iso(trace.readAt_ms)}`,
    ),
    stage("sealed", `with the key of second ${second(trace.sealedIn_s)}; ${trace.sequence}`),
    ...inLines(trace.frame).map((text, i) => stage(i === 0 ? "frame" : "", paint("dim", text))),
    stage("opened", `second ${second(row.second_found_s)} found after ${trials(row.trials)}`),
    stage(
      "journal",
      `JOURNAL sequence ${row.journal_sequence}, of FRAMES sequence ${row.frame_sequence}`,
    ),
    stage("confirmed", trace.confirmed ? "the slave has let go of it" : "not yet"),
    stage("row", `raw_reading ${meterId} ${row.obis} ${row.value} ${row.unit}`),
    stage("bill", `${invoice.number}, ${invoice.period}`),
    ...lines.map((line) =>
      stage("", `  ${line.description.padEnd(44)} ${rupees(line.amount_paise).padStart(12)}`)
    ),
    stage(
      "",
      `  ${"payable".padEnd(44)} ${paint("bold", rupees(invoice.payable_paise).padStart(12))}`,
    ),
  ];
}

function trials(count: number | null): string {
  return count === 1 ? "1 trial" : `${count ?? "?"} trials`;
}

function iso(at_ms: number): string {
  return new Date(at_ms).toISOString().replace("T", " ").replace("Z", " UTC");
}

function inLines(hex: string): string[] {
  return hex.match(new RegExp(`.{1,${HEX_LINE}}`, "g")) ?? [];
}
