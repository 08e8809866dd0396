/** Packets for the tests, built field by field so that each case shows what is wrong with it. */
import { encodePacket, type NtpPacket, toTimestamp } from "../../../protocol/ntp/packet.ts";
import type { TimeSample } from "../../../protocol/ntp/exchange.ts";

/** 2026-11-22T10:00:00Z. */
export const T0_NS = 1_795_341_600_000_000_000n;
export const NONCE = 0x0123_4567_89ab_cdefn;
export const ms = (milliseconds: number) => BigInt(Math.round(milliseconds * 1e6));

/** A good answer: the server is 250 ms ahead, 10 ms each way, 1 ms in the server. */
export function goodAnswer(changes: Partial<NtpPacket> = {}): NtpPacket {
  return {
    leap: 0,
    version: 4,
    mode: 4,
    stratum: 2,
    poll: 6,
    precision: -20,
    rootDelay_s: 0.02,
    rootDispersion_s: 0.01,
    referenceId: 0x0a000001,
    reference: toTimestamp(T0_NS - ms(60_000)),
    origin: NONCE,
    receive: toTimestamp(T0_NS + ms(260)),
    transmit: toTimestamp(T0_NS + ms(261)),
    ...changes,
  };
}

/** When the good answer came back. */
export const T4_NS = T0_NS + ms(21);

export const answerBytes = (changes: Partial<NtpPacket> = {}) => encodePacket(goodAnswer(changes));

export function sampleOf(offset_s: number, delay_s = 0.001, changes: Partial<TimeSample> = {}) {
  return {
    offset_s,
    delay_s,
    rootDelay_s: 0,
    rootDispersion_s: 0.001,
    stratum: 2,
    leap: 0,
    reference: "10.0.0.1",
    authenticated: false,
    ...changes,
  };
}
