/** What a billing cycle must know of the world to decide: loaded by its host, decided upon here. */
import type {
  ClosingReading,
  InvoiceInputs,
  OpeningReading,
} from "../../protocol/messages/invoice_inputs.ts";
import type { ReadingFlag } from "../../protocol/messages/journal.ts";

export interface MeterFacts {
  readonly meter_id: string;
  readonly serial_number: string;
  readonly slave_id: string;
  /** Register x factor = energy. */
  readonly multiplying_factor: number;
}

/** The account as it stands when its cycle is closed. */
export interface CycleFacts {
  readonly account: InvoiceInputs["account"] & {
    readonly status: "active" | "closed";
    readonly opened_on: string;
  };
  readonly consumer: InvoiceInputs["consumer"];
  /** The meter at the premises, or null when there is none. */
  readonly meter: MeterFacts | null;
  /** The register at the end of the last billed cycle, else as the meter was installed. */
  readonly opening: OpeningReading | null;
  /** Another meter whose use is not billed yet: changed since the last bill, or a second one. */
  readonly other_meter_id: string | null;
  /** A later period that is billed already, or null. */
  readonly later_billed: string | null;
  /** Earlier months, oldest first, at most twelve. */
  readonly history: InvoiceInputs["history"];
}

/** A reading that may close the cycle. */
export interface CandidateReading {
  readonly reading: ClosingReading;
  readonly flags: readonly ReadingFlag[];
  /** When, since the opening and up to this reading, the register was seen to go back. */
  readonly went_back_at_ms: number | null;
}
