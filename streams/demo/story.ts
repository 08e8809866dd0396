/** One reading, followed from the meter's register to the lines of the bill. */
import { toHex } from "../../protocol/bytes.ts";
import { indianTimeOf, inIndia } from "../../protocol/indian_time.ts";
import { invoiceInputs } from "../../protocol/messages/invoice_inputs.ts";
import { parseOrExplain } from "../../protocol/schema.ts";
import type { Kysely } from "../database/kysely.ts";
import { ENERGY } from "../database/readings.ts";
import type { Database } from "../database/schema.ts";
import { rupees } from "../delivery/format.ts";
import type { SlaveObserver } from "../edge/slave.ts";
import type { Paint } from "../terminal/colour.ts";
import { Failure } from "../terminal/command.ts";

/** Characters of hexadecimal on one printed line. */
const HEX_LINE = 64;

/** What the slave saw of one reading: filled in by its observer. */
export interface EdgeTrace {
  register: string;
  identification: string;
  frame: string;
  sealedIn_s: number;
  sequence: string;
  confirmed: boolean;
}

/** Readings by the time of reading; the newest that closed nothing are of no use to anybody. */
export type EdgeTraces = Map<number, EdgeTrace>;

const TRACES_MAX = 64;

/** An observer that keeps what it sees of the readings of `meterId`, and the traces it fills. */
export function traceReadings(
  meterId: string,
): { traces: EdgeTraces; observer: SlaveObserver } {
  const traces: EdgeTraces = new Map();
  const observer: SlaveObserver = {
    read: (readout, reading) => {
      if (reading.meter_id !== meterId || traces.size >= TRACES_MAX) return;
      const energy = readout.registers.find((register) => register.obis === ENERGY);
      traces.set(reading.read_at_ms, {
        register: `1.8.0(${energy?.text}*${energy?.unit})`,
        identification: readout.identification,
        frame: "",
        sealedIn_s: 0,
        sequence: "",
        confirmed: false,
      });
    },
    sealed: (reading, { frame, t_s, generation, boot, sequence }) => {
      const trace = traces.get(reading.read_at_ms);
      if (trace === undefined || reading.meter_id !== meterId) return;
      trace.frame = toHex(frame);
      trace.sealedIn_s = t_s;
      trace.sequence = `generation ${generation}, boot ${boot}, sequence ${sequence}`;
    },
    confirmed: (keys) => {
      for (const { meter_id, read_at_ms } of keys) {
        const trace = traces.get(read_at_ms);
        if (trace && meter_id === meterId) trace.confirmed = true;
      }
    },
  };
  return { traces, observer };
}

/** The lines that tell the way of the reading that closed the account's bill, and the bill's. */
export async function tellStory(
  db: Kysely<Database>,
  meterId: string,
  accountId: string,
  traces: EdgeTraces,
  paint: Paint,
): Promise<string[]> {
  const invoice = await db.selectFrom("invoice").selectAll()
    .where("account_id", "=", accountId).where("state", "=", "issued")
    .executeTakeFirstOrThrow();
  const { closing } = parseOrExplain(invoiceInputs, invoice.inputs, `Inputs of ${invoice.number}`);
  const trace = traces.get(closing.read_at_ms);
  if (trace === undefined) {
    throw new Failure(`Nobody saw the reading that closed ${invoice.number}`);
  }
  const row = await db.selectFrom("raw_reading").selectAll()
    .where("meter_id", "=", meterId).where("obis", "=", ENERGY)
    .where("read_at", "=", new Date(closing.read_at_ms)).executeTakeFirstOrThrow();
  const lines = await db.selectFrom("invoice_line").selectAll()
    .where("invoice_id", "=", invoice.invoice_id).orderBy("position").execute();
  const stage = (name: string, text: string) => `  ${paint("bold", name.padEnd(9))} ${text}`;
  const second = (t_s: number | null) =>
    t_s === null ? "-" : `${t_s} (${indianTimeOf(t_s * 1_000)} in India)`;
  return [
    stage(
      "register",
      `${trace.register} from ${trace.identification}, read at ${inIndia(closing.read_at_ms)}`,
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

function inLines(hex: string): string[] {
  return hex.match(new RegExp(`.{1,${HEX_LINE}}`, "g")) ?? [];
}
