/** What the rules must know of a reading: loaded by their host, judged here. */
import type { ReadingFlag } from "../../protocol/messages/journal.ts";

/** The register at one moment: before the multiplying factor. */
export interface RegisterAt {
  readonly read_at_ms: number;
  readonly value_wh: number;
}

/** The reading that is judged, as it was measured or decided. */
export interface JudgedReading extends RegisterAt {
  readonly flags: readonly ReadingFlag[];
  /** When the broker stored its frame; null for a reading that came in none. */
  readonly arrived_at_ms: number | null;
  /** The consumer number that the meter told with it (register 0.0.0), or null. */
  readonly told_consumer: string | null;
  /** Other values that came for the same moment. */
  readonly other_values_wh: readonly number[];
}

/** The meter at the account's premises when it was read. */
export interface InstallationFacts {
  readonly consumer_number: string;
  /** For whom the meter was enrolled, as it goes on telling when others have moved in. */
  readonly enrolled_consumer: string | null;
  readonly serial_number: string;
  /** 0: not known. */
  readonly sanctioned_load_w: number;
  /** Register x factor = energy. */
  readonly multiplying_factor: number;
  readonly installed_at_ms: number;
  readonly removed_at_ms: number | null;
  /** Noted as the meter was put up. */
  readonly start_wh: number;
}

/** What was decided about the reading so far, the latest decision alone. */
export interface DecisionFacts {
  readonly status: "quarantined" | "accepted" | "rejected";
  readonly rule: string;
  readonly detail: string;
  readonly decided_by: string;
  readonly reason: string | null;
}

export interface ReadingFacts {
  readonly meter_id: string;
  readonly reading: JudgedReading;
  readonly now_ms: number;
  /** Null where nobody has enrolled the meter. `register_digits` before the point; null: unknown. */
  readonly meter: { readonly register_digits: number | null } | null;
  /** In force when the meter was read; null where there was none. */
  readonly installation: InstallationFacts | null;
  /**
   * The reading before this one in time. Of a boundary of a cycle: the opening one, so that the
   * rules see all that is billed between the two. Null for the first one.
   */
  readonly previous: RegisterAt | null;
  /** The reading behind this one in time, which came before it; null as a rule. */
  readonly next: RegisterAt | null;
  /** Since when the register has stood at this value; null where it moved, or nobody knows. */
  readonly unchanged_since_ms: number | null;
  /** When, between `previous` and this one, the register was seen to go back; null: never. */
  readonly went_back_at_ms: number | null;
  /** What the account used in its latest cycles, oldest first; empty where nothing is known. */
  readonly history: readonly { readonly units_kwh: number; readonly days: number }[];
  /** Of a reading that closes a cycle: the moment that it is to stand for. */
  readonly boundary_ms: number | null;
  /** The factor that a bill would use; null where none is computed. */
  readonly factor_used: number | null;
  readonly decision: DecisionFacts | null;
}

/** What a reading is judged by as it comes in, whatever it is used for later. */
export interface ArrivalFacts {
  readonly facts: ReadingFacts;
  /** The last reading before it that neither waits in quarantine nor is rejected. */
  readonly previous_usable: RegisterAt | null;
}
