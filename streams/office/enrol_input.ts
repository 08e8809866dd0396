/** What an enrolment must say. */
import { billableTariffOf, tariffOf } from "../../actors/billing/tariff/catalogue.ts";
import type { TariffDocument } from "../../actors/billing/tariff/document.ts";
import { whyBillsNobody } from "../../actors/billing/tariff/whole.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { indianDateOf } from "../../protocol/indian_time.ts";
import { id, instant_ms } from "../../protocol/messages/common.ts";
import { suiteNumber } from "../../protocol/messages/enrolment.ts";
import { z } from "../../protocol/schema.ts";
import type { NewMeter } from "../database/meters.ts";

const line = (max: number) => z.string().trim().max(max);

export const enrolInput = z.object({
  meter_id: id,
  slave_id: id,
  /** As on the meter's plate; its name here where the two are one. */
  serial_number: line(64).min(1).optional(),
  consumer_number: line(32).min(1),
  name: line(200).min(1),
  address: line(500).default(""),
  phone: z.string().regex(/^\+[1-9]\d{6,14}$/, "a number as +919800000001").nullable()
    .default(null),
  email: z.email().max(254).nullable().default(null),
  language: z.enum(["en", "mr"]).default("en"),
  /** The consumer number where it is a name that streams can carry. */
  account_id: id.optional(),
  tariff_id: line(64).min(1).default("msedcl-lt-1b"),
  phase: z.union([z.literal(1), z.literal(3)]).default(1),
  municipal: z.boolean().default(false),
  /** Watts; 0: not known. */
  sanctioned_load_w: z.int().nonnegative().max(1_000_000_000).default(0),
  /** Contract demand in volt-amperes, where the tariff asks for it. */
  contract_va: z.int().positive().max(1_000_000_000).optional(),
  multiplying_factor: z.number().positive().max(1_000_000).default(1),
  opening_reading_wh: z.int().nonnegative().max(1_000_000_000_000).default(0),
  /** Digits before the point on the register's display: where it begins anew. */
  register_digits: z.int().min(3).max(12).optional(),
  /** Cipher suite of its frames. */
  suite: suiteNumber.optional(),
  /** Now, where it is not given. */
  installed_at_ms: instant_ms.optional(),
});
export type EnrolInput = z.input<typeof enrolInput>;
export type Enrolling = z.output<typeof enrolInput>;

/**
 * The rows of an enrolment. Throws `TerminalError` for a tariff that bills nobody, and where the account
 * needs a name of its own.
 */
export function rowsOfEnrolment(
  given: Enrolling,
  now_ms: number,
  tariffs: readonly TariffDocument[],
): NewMeter {
  const { consumer_number, name, address, phone, email, language } = given;
  const { meter_id, slave_id, tariff_id, phase, municipal, sanctioned_load_w } = given;
  const { multiplying_factor, opening_reading_wh, register_digits } = given;
  const installed_at_ms = given.installed_at_ms ?? now_ms;
  const account_id = given.account_id ?? consumer_number;
  if (!id.safeParse(account_id).success) {
    throw new TerminalError(
      `Consumer number "${consumer_number}" cannot name an account: give the account a name of ` +
        "1 to 32 letters, digits, - or _ (--account)",
    );
  }
  requireTariff(tariff_id, tariffs);
  return {
    consumer: { consumer_number, name, address, phone, email, language },
    account: {
      account_id,
      consumer_number,
      tariff_id,
      phase,
      municipal,
      sanctioned_load_w,
      ...(given.contract_va === undefined ? {} : { contract_va: given.contract_va }),
      status: "active",
      opened_on: indianDateOf(installed_at_ms),
    },
    meter: {
      ...{ meter_id, slave_id, serial_number: given.serial_number ?? meter_id },
      ...(register_digits !== undefined && { register_digits }),
    },
    installation: {
      premises: address,
      installed_at: new Date(installed_at_ms),
      multiplying_factor,
      opening_reading_wh,
    },
  };
}

/** Why nobody is billed by `tariff_id` yet: said where an account begins, for it is no refusal. */
export function billsNobodyYet(
  tariff_id: string,
  tariffs: readonly TariffDocument[],
  now_ms: number,
): string | null {
  return whyBillsNobody(tariffOf(tariff_id, tariffs), indianDateOf(now_ms));
}

function requireTariff(tariff_id: string, tariffs: readonly TariffDocument[]): void {
  try {
    billableTariffOf(tariff_id, tariffs);
  } catch (error) {
    throw new TerminalError((error as Error).message);
  }
}
