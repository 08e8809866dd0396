/** An account with one meter, as the facts of a cycle tell it. */
import type {
  CandidateReading,
  CycleFacts,
  InstallationFacts,
} from "../../../actors/billing/facts.ts";

export const at = (text: string) => Date.parse(text);
/** 30 April 2026 in India, in the evening. */
export const NOW = at("2026-04-30T18:00:00+05:30");

export function installation(change: Partial<InstallationFacts> = {}): InstallationFacts {
  return {
    meter_id: "M1",
    serial_number: "S1",
    slave_id: "SL1",
    multiplying_factor: 1,
    register_digits: null,
    installed_at_ms: at("2026-01-10T12:00:00+05:30"),
    opening: {
      read_at_ms: at("2026-03-31T18:00:00+05:30"),
      value_wh: 1_000_900,
      source: "frame",
    },
    removed: null,
    ...change,
  };
}

export function facts(change: Partial<CycleFacts> = {}): CycleFacts {
  return {
    account: {
      id: "A1",
      tariff_id: "msedcl-lt-1b",
      phase: 1,
      municipal: false,
      sanctioned_load_w: 3_000,
      status: "active",
      opened_on: "2026-01-10",
      closed_on: null,
    },
    consumer: {
      number: "C1",
      name: "Asha Patil",
      address: "Pune",
      phone: "+919800000001",
      email: "asha@example.org",
      language: "mr",
    },
    installations: [installation()],
    open_estimates: [],
    later_billed: null,
    earlier_draft: null,
    earlier_waiting: null,
    history: [],
    fac: [],
    balance: null,
    replaces: null,
    ...change,
  };
}

export function candidate(
  change: Partial<CandidateReading["reading"]> = {},
  flags: CandidateReading["flags"] = [],
) {
  return {
    reading: {
      read_at_ms: NOW + 2_000,
      value_wh: 1_250_100,
      source: "frame" as const,
      frame_sequence: 7,
      journal_sequence: 3,
      sealed_at_ms: NOW + 2_100,
      arrived_at_ms: NOW + 2_200,
      second_found_s: Math.floor(NOW / 1000) + 2,
      trials: 1,
      clock_quality: 3,
      clock_offset_ms: null,
      ...change,
    },
    flags,
    went_back_at_ms: null,
  } satisfies CandidateReading;
}
