/** What a row of each file that is imported must say: its columns, with what they mean and an example. */
import { billableTariffOf, tariffs } from "../../actors/billing/tariff/catalogue.ts";
import type { TariffDocument } from "../../actors/billing/tariff/document.ts";
import { fullObis } from "../../protocol/iec62056/obis.ts";
import { startOfIndianDate_ms } from "../../protocol/indian_time.ts";
import { id } from "../../protocol/messages/common.ts";
import { z } from "../../protocol/schema.ts";
import { unguardFormula } from "../csv/write_csv.ts";
import { ENERGY } from "../database/readings.ts";

export const IMPORT_KINDS = ["consumers", "meters", "installations", "readings"] as const;
export type ImportKind = (typeof IMPORT_KINDS)[number];

export interface ImportColumn {
  readonly required: boolean;
  readonly example: string;
  readonly says: string;
}

interface ImportShape {
  readonly columns: Readonly<Record<string, ImportColumn>>;
  /** From the texts of the columns, "" where a row says nothing. */
  readonly schema: z.ZodType;
}

const must = (example: string, says: string): ImportColumn => ({ required: true, example, says });
const may = (example: string, says: string): ImportColumn => ({ required: false, example, says });

// deno-lint-ignore no-control-regex
const CONTROL = /[\u0000-\u001f\u007f]/;
const line = (max: number) =>
  z.string().transform(unguardFormula).pipe(
    z.string().max(max, `at most ${max} characters`)
      .refine((text) => !CONTROL.test(text), "has a character that is no text"),
  );
const filled = (max: number) => line(max).refine((text) => text !== "", "must be there");
/** `otherwise` where the cell is empty. */
const or = <O, S extends z.ZodType>(otherwise: O, schema: S) =>
  z.string().transform((text, context): O | z.output<S> => {
    if (text === "") return otherwise;
    const parsed = schema.safeParse(text);
    if (parsed.success) return parsed.data;
    for (const { message } of parsed.error.issues) context.addIssue({ code: "custom", message });
    return z.NEVER;
  });

const number = (form: RegExp, says: string) => z.string().regex(form, says).transform(Number);
const whole = (max: number, says: string) =>
  number(/^\d{1,12}$/, says).refine((value) => value <= max, `at most ${max}`);
/** kWh with up to three decimals, as whole watt-hours. */
const thousandths = z.string().regex(/^\d{1,9}(\.\d{1,3})?$/, "a number such as 1234.5").transform(
  (text) => {
    const [units, decimals = ""] = text.split(".");
    return Number(units) * 1_000 + Number(decimals.padEnd(3, "0"));
  },
);
const phone = z.string().regex(/^\+[1-9]\d{6,14}$/, "a number as +919800000001");
const email = z.email("an address as asha@example.org").max(254)
  // What the table takes: a name in quotation marks with blanks is none here.
  .regex(/^[^@\s]+@[^@\s]+$/, "an address as asha@example.org");
const yes = z.enum(["yes", "no"], "yes or no").transform((text) => text === "yes");

/** A day that is in the calendar. */
const day = z.iso.date("a day as 2026-04-01")
  .refine((text) => text >= "1970-01-01" && text < "2100-01-01", "a day from 1970 to 2099");

const MOMENT = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:\d\d)?)?$/;
const MOMENT_FORM = "a time as 2026-04-01 00:15 (Indian), 2026-04-01T00:15:00+05:30 or 2026-04-01";

/** Unix milliseconds of a day, a time in India, or a time with its offset. */
const moment = z.string().transform((text, context) => {
  const match = MOMENT.exec(text);
  const known = match !== null && day.safeParse(match[1]).success;
  const at_ms = !known
    ? NaN
    : match[2] === undefined
    ? startOfIndianDate_ms(match[1]!)
    : Date.parse(`${match[1]}T${match[2]}${match[3] ?? "+05:30"}`);
  if (Number.isFinite(at_ms) && at_ms >= 0) return at_ms;
  context.addIssue({ code: "custom", message: MOMENT_FORM });
  return z.NEVER;
});

const tariffIn = (tariffs: readonly TariffDocument[]) =>
  filled(64).superRefine((tariff, context) => {
    try {
      billableTariffOf(tariff, tariffs);
    } catch (error) {
      context.addIssue({ code: "custom", message: (error as Error).message });
    }
  });

const UNITS: Readonly<Record<string, readonly [unit: string, kilo: boolean]>> = {
  kWh: ["Wh", true],
  Wh: ["Wh", false],
  kvarh: ["varh", true],
  varh: ["varh", false],
  kVAh: ["VAh", true],
  VAh: ["VAh", false],
};

const reading = z.object({
  meter_id: id,
  read_at: moment,
  value: z.string(),
  unit: z.enum(Object.keys(UNITS), `one of ${Object.keys(UNITS).join(", ")}`),
  obis: or(
    ENERGY,
    z.string().max(32).transform(fullObis)
      .refine((code) => /^\d+-\d+:[\d.*]+$/.test(code), "an OBIS code such as 1-0:1.8.0"),
  ),
}).transform(({ meter_id, read_at, value, unit, obis }, context) => {
  const [stored, kilo] = UNITS[unit]!;
  const form = kilo ? thousandths : whole(1e12, "a whole number");
  const parsed = form.safeParse(value);
  if (!parsed.success) {
    const message = `${parsed.error.issues[0]!.message} (in ${unit})`;
    context.addIssue({ code: "custom", path: ["value"], message });
    return z.NEVER;
  }
  if (obis === ENERGY && stored !== "Wh") {
    const message = `register ${ENERGY} counts kWh or Wh`;
    context.addIssue({ code: "custom", path: ["unit"], message });
    return z.NEVER;
  }
  return { meter_id, obis, read_at_ms: read_at, value: parsed.data, unit: stored };
});

const consumerRow = (known: readonly TariffDocument[]) =>
  z.object({
    consumer_number: filled(32),
    name: filled(200),
    address: line(500),
    phone: or(null, phone),
    email: or(null, email),
    language: or("en", z.enum(["en", "mr"], "en or mr")),
    account_id: or("", id),
    tariff_id: tariffIn(known),
    phase: or(1, z.enum(["1", "3"], "1 or 3").transform(Number)),
    municipal: or(false, yes),
    contract_va: or(
      null,
      whole(1_000_000_000, "whole volt-amperes such as 60000").refine(
        (va) => va > 0,
        "more than 0",
      ),
    ),
    sanctioned_load_w: or(0, whole(1_000_000_000, "whole watts such as 3000")),
    opened_on: day,
  }).transform((row, context) => {
    const account_id = row.account_id === "" ? row.consumer_number : row.account_id;
    if (id.safeParse(account_id).success) return { ...row, account_id };
    const message = "an account is named by 1 to 32 letters, digits, - or _";
    context.addIssue({ code: "custom", path: ["account_id"], message });
    return z.NEVER;
  });

export const IMPORTS: Readonly<Record<ImportKind, ImportShape>> = {
  consumers: {
    columns: {
      consumer_number: must("170012340001", "at most 32 characters"),
      name: must("Asha Patil", "as on the bill"),
      address: may("12 Tilak Road, Pune", "of the premises"),
      phone: may("+919800000001", "with country code, for SMS"),
      email: may("asha@example.org", "for bills by e-mail"),
      language: may("mr", "en or mr, of the bills; en where it is empty"),
      account_id: may("170012340001", "letters, digits, - and _; empty: the consumer number"),
      tariff_id: must("msedcl-lt-1b", "see samay tariff list"),
      phase: may("1", "1 or 3; 1 where it is empty"),
      municipal: may("no", "yes or no: premises in a municipal corporation; no where it is empty"),
      contract_va: may("", "contract demand in volt-amperes, where the tariff asks for it"),
      sanctioned_load_w: may("3000", "watts; 0 or empty: not known"),
      opened_on: must("2026-04-01", "day the account was opened, as YYYY-MM-DD"),
    },
    schema: consumerRow(tariffs()),
  },
  meters: {
    columns: {
      meter_id: must("MH00000001", "1 to 32 letters, digits, - or _"),
      slave_id: must("desk", "the slave whose line it is on"),
      serial_number: may("L-4711", "on the plate; empty: the meter_id"),
      consumer_number: may(
        "170012340001",
        "what the meter itself tells (0.0.0), held against it; " +
          "empty: nothing is held",
      ),
      suite: may("1", "cipher of its frames: 1, 2 or 3; 1 where it is empty"),
      register_digits: may(
        "6",
        "digits before the point of its display: where it begins anew; " +
          "empty: not known",
      ),
    },
    schema: z.object({
      meter_id: id,
      slave_id: id,
      serial_number: line(64),
      consumer_number: line(32),
      suite: or(1, z.enum(["1", "2", "3"], "1, 2 or 3").transform(Number)),
      register_digits: or(
        null,
        whole(12, "from 3 to 12").refine((digits) => digits >= 3, "from 3 to 12"),
      ),
    }).transform((row) => ({ ...row, serial_number: row.serial_number || row.meter_id })),
  },
  installations: {
    columns: {
      account_id: must("170012340001", "an account that is known"),
      meter_id: must("MH00000001", "a meter that is known"),
      installed_at: must("2026-04-01", "a day, or a time as for readings"),
      opening_kwh: must("1234.5", "what its display showed then"),
      premises: may("12 Tilak Road, Pune", "where it hangs; empty: the consumer's address"),
      multiplying_factor: may("1", "transformer ratio; 1 where it is empty"),
    },
    schema: z.object({
      account_id: id,
      meter_id: id,
      installed_at: moment,
      opening_kwh: thousandths,
      premises: line(500),
      multiplying_factor: or(
        1,
        number(/^\d{1,6}(\.\d{1,4})?$/, "a number such as 1 or 2.5")
          .refine((factor) => factor > 0, "more than 0"),
      ),
    }).transform(({ installed_at, opening_kwh, ...row }) => ({
      ...row,
      installed_at_ms: installed_at,
      opening_reading_wh: opening_kwh,
    })),
  },
  readings: {
    columns: {
      meter_id: must("MH00000001", "a meter that is known"),
      read_at: must("2026-04-01 00:15", "Indian time, or with its offset as ...T00:15:00+05:30"),
      value: must("1240.125", "the register, before the multiplying factor"),
      unit: must("kWh", "kWh, Wh, kvarh, varh, kVAh or VAh"),
      obis: may("1-0:1.8.0", "the register; 1-0:1.8.0 where it is empty"),
    },
    schema: reading,
  },
};

/** What a row of `kind` must be where the tariffs `known` are. */
export function rowSchema(
  kind: ImportKind,
  known: readonly TariffDocument[],
): ImportShape["schema"] {
  return kind === "consumers" ? consumerRow(known) : IMPORTS[kind].schema;
}

/** The names of a kind's columns that must be there, and that may. */
export function columnsOf(kind: ImportKind): { required: string[]; optional: string[] } {
  const columns = Object.entries(IMPORTS[kind].columns);
  const named = (wanted: boolean) =>
    columns.filter(([, { required }]) => required === wanted).map(([name]) => name);
  return { required: named(true), optional: named(false) };
}
