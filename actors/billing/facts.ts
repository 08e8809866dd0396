/** What a billing cycle must know of the world to decide: loaded by its host, decided upon here. */
import type {
  ClosingReading,
  InvoiceInputs,
  OpeningReading,
} from "../../protocol/messages/invoice_inputs.ts";
import type { ArrivalFacts, DecisionFacts } from "../validation/facts.ts";
import type { ReadingFlag } from "../../protocol/messages/journal.ts";

/** A meter at the premises of the account, from one moment to another, with use that no bill holds. */
export interface InstallationFacts {
  readonly meter_id: string;
  readonly serial_number: string;
  readonly slave_id: string;
  /** Register x factor = energy, of this installation. */
  readonly multiplying_factor: number;
  /** Digits of the register before the point; null: not known, and no rollover is assumed. */
  readonly register_digits: number | null;
  readonly installed_at_ms: number;
  /**
   * The register where unbilled use begins: as the last ACTUAL bill left it, or as it was when the
   * meter was put up. An estimated bill moves it nowhere.
   */
  readonly opening: OpeningReading;
  /** When the meter was taken down, or the account moved out; null while it stands. */
  readonly removed: {
    readonly at_ms: number;
    /** As the register was noted then; null: nobody noted it. */
    readonly final_reading_wh: number | null;
  } | null;
}

/** An issued estimated bill that no actual reading has followed yet. */
export interface OpenEstimate {
  readonly number: string;
  readonly period: string;
  /** Dates, as on the bill. */
  readonly from: string;
  readonly to: string;
  readonly units_kwh: number;
  /** Where the estimate ended: an estimate that follows begins there. */
  readonly closing_read_at_ms: number;
  readonly closing_wh: number;
  /**
   * What the bill of the next actual reading gives back: `inputs.estimate.creditable_paise`, less what
   * credit notes gave back of it already.
   */
  readonly creditable_paise: number;
}

/** A month that was billed, or imported, before. */
export interface HistoryFact {
  readonly period: string;
  /** As that bill had them: of a true-up, those of its whole span. */
  readonly units_kwh: number;
  /** Days of that bill, of a true-up those of its span; null: not known (imported). */
  readonly days: number | null;
  readonly estimated: boolean;
}

/** Fuel adjustment as it was published for a month; a month without one has 0. */
export interface FacFact {
  readonly month: string;
  /** 1/10,000 rupee a unit: one for every slab, or one a slab. */
  readonly rates: readonly number[];
  readonly source: string;
}

/** The account as it stands when its cycle is closed. */
export interface CycleFacts {
  readonly account: InvoiceInputs["account"] & {
    readonly status: "active" | "closed";
    readonly opened_on: string;
    /** The day of the move-out; null while the account is open. */
    readonly closed_on: string | null;
  };
  readonly consumer: InvoiceInputs["consumer"];
  /** With use that no bill of an actual reading holds, oldest first; those of a later period too. */
  readonly installations: readonly InstallationFacts[];
  /** Estimated bills of earlier periods since the last actual reading, oldest first. */
  readonly open_estimates: readonly OpenEstimate[];
  /** A later period that is billed already, or null. */
  readonly later_billed: string | null;
  /** The first earlier period of which a draft waits, or null. */
  readonly earlier_draft: string | null;
  /** The first earlier period that a deadline will bill yet, or null: a reading, an estimate, a draft. */
  readonly earlier_waiting: string | null;
  /** Earlier months, oldest first, the last fifteen: the bill shows twelve. */
  readonly history: readonly HistoryFact[];
  /** Of the account's tariff: for the month of the cycle, and for those of `open_estimates`. */
  readonly fac: readonly FacFact[];
  /** The account's money before this bill; null where no ledger is kept. */
  readonly balance: {
    /** Owed (+) or in credit (-) before payments since the last bill. */
    readonly before_paise: number;
    /** Received since the last bill, less what was reversed. */
    readonly payments_paise: number;
  } | null;
  /** Number of the void bill of this period that the next one stands for, or null. */
  readonly replaces: string | null;
}

/** Another register of the meter that closes a cycle, at the moment of one of its two readings. */
export interface RegisterReading {
  readonly obis: string;
  readonly read_at_ms: number;
  /** In `unit`; null: it waits for a decision, or was rejected. */
  readonly value: number | null;
  readonly unit: string;
}

/** A reading that may close the cycle. */
export interface CandidateReading {
  readonly reading: ClosingReading;
  readonly flags: readonly ReadingFlag[];
  /** When, since the opening and up to this reading, the register was seen to go back. */
  readonly went_back_at_ms: number | null;
  /** Left out where the account's tariff needs none. */
  readonly registers?: readonly RegisterReading[];
  /** What was decided about it, where anything was. */
  readonly decision?: DecisionFacts | null;
  /**
   * A moment of this cycle since which the register has stood at this value, so long that a rule
   * asks why; null or nothing: it moved, or a person has said that it is right.
   */
  readonly unchanged_since_ms?: number | null;
  /** What it would have been judged by as it came in; null or nothing: it has been. */
  readonly arrival?: ArrivalFacts | null;
}
