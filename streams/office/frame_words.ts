/** Why a frame opened or did not, in plain sentences. */
import { indianTimeOf, inIndia } from "../../protocol/indian_time.ts";
import type { RejectReason } from "../../protocol/messages/journal.ts";
import { FRAME_OVERHEAD, VERSION } from "../../protocol/tves/frame.ts";
import { CANDIDATES_MAX, WINDOW_DEFAULT_S, WINDOW_MAX_S } from "../../protocol/tves/window.ts";
import { PARTITIONS } from "../../protocol/subjects.ts";
import type { OpenResult } from "../../protocol/tves/open.ts";
import { decodePack } from "../../protocol/senml.ts";
import type { Findings } from "./frame_explain.ts";
import type { Misplaced } from "./frame_meter.ts";

type Opened = OpenResult & { readonly opened: true };

/** What was found, then what the master decided when the frame came. */
export function explanation(found: Findings): string {
  const { result, misplaced } = found;
  const now = result.opened ? openedText(found, result) : REFUSED[result.reason](found);
  const place = misplaced === undefined ? "" : misplacedText(found, misplaced);
  return `${place} ${now} ${decisionText(found)}`.trim();
}

function misplacedText({ message }: Findings, { in: given, home }: Misplaced): string {
  const { subject } = message;
  const meter = subject.split(".").at(-1);
  const reader = isPartition(given)
    ? `the master of partition ${given} opens nothing of ${meter}, and sets it aside in DEAD`
    : `nobody reads ${given}, which is none of the partitions 00 to ${PARTITIONS - 1}`;
  return `It came on ${subject}, and ${meter} belongs to partition ${home}: ${reader}. Its slave ` +
    "sends on a wrong subject, or the frame was moved. Apart from that:";
}

function isPartition(token: string): boolean {
  return /^\d\d$/.test(token) && Number(token) < PARTITIONS;
}

function openedText(found: Findings, { t_s, plaintext }: Opened): string {
  const { wide, trials, off_s, expected_s } = found;
  const second = `second ${t_s} (${indianTimeOf(t_s * 1_000)} in India)`;
  if (!wide) {
    const pack = decodePack(plaintext) === undefined
      ? " What it holds is no pack of readings: what seals there is no slave of ours."
      : "";
    return `Opens with ${second}, ${place(trials)} in the order of probability.${pack}`;
  }
  const off = Math.abs(off_s!);
  const learned = Math.abs(expected_s) > 1
    ? ` around the arrival and around the learned offset of ${expected_s.toFixed(1)} s`
    : "";
  const way = off_s! < 0 ? ", or the frame was that long on its way" : "";
  return `This meter's clock is ${seconds(off)} ${
    off_s! < 0 ? "slow" : "fast"
  }${way}; the window ` +
    `reaches ${WINDOW_DEFAULT_S} s${learned}. Its key is right: the frame opens with ${second}, ` +
    `found at trial ${trials} of a wide search. Set its clock: see \`samay meter show ` +
    `${found.meter!.meter_id}\` for what slave ${found.meter!.slave_id} says of its time ` +
    "sources; the reading is sealed anew when the clock is right.";
}

function place(trials: number): string {
  return trials === 1 ? "the first candidate" : `candidate ${trials} of at most ${CANDIDATES_MAX}`;
}

const CHANGED = "the frame was changed on the way";

const REFUSED: Record<RejectReason, (found: Findings) => string> = {
  wrong_length: ({ message: { payload } }) => {
    const bytes = payload.length;
    if (bytes < FRAME_OVERHEAD) {
      return `The form is wrong: ${bytes} bytes, and the shortest frame has ${FRAME_OVERHEAD}. It ` +
        "was cut short, or is no frame.";
    }
    const said = FRAME_OVERHEAD + (payload[2]! << 8 | payload[3]!);
    return `The form is wrong: it says that it has ${said} bytes, and has ${bytes}. It was ` +
      `${bytes < said ? "cut short" : "made longer"} on the way, or is no frame.`;
  },
  unknown_version: ({ message: { payload } }) =>
    `The form is wrong: version ${payload[0]! >> 4}, and only version ${VERSION} is spoken here.`,
  unknown_suite: ({ message: { payload } }) =>
    `The form is wrong: cipher suite ${payload[0]! & 15} is not spoken here.`,
  unknown_flags: ({ message: { payload } }) =>
    `The form is wrong: the flags ${
      payload[1]!.toString(2).padStart(8, "0")
    } have bits that must be ` +
    "zero, or there is a hint without its flag.",
  unknown_meter: ({ frame }) =>
    `No meter has the alias ${
      frame!.alias
    } that the frame carries: enrol it, or the frame is forged.`,
  wrong_subject: ({ frame, owner, message: { subject } }) =>
    `It came on ${subject}, and its alias ${frame!.alias} is that of meter ${owner}: its slave ` +
    "sends on a wrong subject, or the frame was moved.",
  unknown_generation: ({ frame, meter, message }) => {
    const { meter_id, slave_id, keys } = meter!;
    const { not_after_ms } = keys.find((key) => key.generation === frame!.generation) ?? {};
    const why = not_after_ms === undefined
      ? `${generations(keys)} enrolled, the frame says ${frame!.generation}`
      : `generation ${frame!.generation} was retired at ${
        inIndia(not_after_ms)
      } Indian time, and ` +
        `the frame came at ${inIndia(message.arrival_ms)}`;
    return `Wrong key: ${why}. Give slave ${slave_id} the present key file of meter ${meter_id}.`;
  },
  no_key_in_window: (found) => {
    const { frame, meter, wide_s, wide, trials } = found;
    const reach = wide ? range(wide_s) : `the window of ${WINDOW_DEFAULT_S} s`;
    const keys = `wrong key (${generations(meter!.keys)} enrolled, the frame says ${
      frame!.generation
    })`;
    const wider = wide && wide_s >= WINDOW_MAX_S ? "" : "; give a wider --wide";
    const off = `its clock is off by more than ${wide ? range(wide_s) : "that"}${wider}`;
    // Every 256th second fits a hint: that none was tried says nothing of the key.
    if (frame!.hint !== undefined && trials === 0) {
      return `Its hint fits no second within ${reach}, so none was tried and nothing is known of ` +
        `its key: ${off}, or the frame was changed on the way.`;
    }
    // Who may search a day and finds nothing has the clock as the least of the causes.
    const causes = wider === "" ? [keys, CHANGED, off] : [off, keys, CHANGED];
    return `No second within ${reach} opens it (${trials} tried): ${causes[0]}, or ${
      causes[1]
    }, or ${causes[2]}.`;
  },
  tag_mismatch: () =>
    "Its second was found by the key commitment, but the tag does not fit: the ciphertext was " +
    "changed on the way.",
  replayed: () => "It is a replay.",
  too_old: () => "It is too old.",
  pre_played: () => "It came out of its order.",
  not_a_pack: () => "It holds no pack of readings.",
};

function generations(keys: readonly { readonly generation: number }[]): string {
  const numbers = keys.map(({ generation }) => generation).join(" and ");
  return keys.length === 1 ? `generation ${numbers} is` : `generations ${numbers} are`;
}

/** What the reasons beyond the keys mean, told where the master gave them. */
const DECIDED: Partial<Record<RejectReason, (found: Findings) => string>> = {
  replayed: ({ frame, first, message }) =>
    `was a replay of sequence ${frame!.sequence} of start ${frame!.boot}` +
    (first === undefined || first === message.sequence
      ? ", which had been accepted before"
      : `, which frame ${first} had carried first`),
  too_old: ({ frame }) =>
    `its sequence ${frame!.sequence} of start ${frame!.boot} lies behind the replay window: a ` +
    "later start of the slave, or 2048 later frames, had been accepted",
  pre_played: ({ frame }) =>
    `sequence ${
      frame!.sequence
    } and second do not rise together with the frames before: somebody ` +
    "pushed the clock forward to harvest frames, or the clock was set back",
  not_a_pack: () => "the key is right, but what it holds is no pack of readings of this meter",
};

function decisionText(found: Findings): string {
  const { decision, result, wide, misplaced } = found;
  if (decision === undefined) {
    if (misplaced && !isPartition(misplaced.in)) return "No master decides on it.";
    return "What the master decided is not known: it has not come to the frame yet, its reading " +
      "stood already, or the record is gone.";
  }
  if (decision.decided === "accepted") {
    return `The master accepted it at trial ${decision.trials}: journal record ` +
      `${decision.journal_sequence}.`;
  }
  if (decision.decided === "set_aside") {
    return `The master set it aside (message ${decision.dead_sequence} of DEAD): ${decision.why}.`;
  }
  const reason = decision.decided;
  const why = DECIDED[reason]?.(found);
  const refused =
    `The master refused it as ${reason} (message ${decision.event_sequence} of EVENTS)`;
  if (why !== undefined) return `${refused}: ${why}.`;
  const differs = result.opened && !(wide && reason === "no_key_in_window");
  return differs ? `${refused}: what it knew of the meter then was different.` : `${refused}.`;
}

function range(wide_s: number): string {
  if (wide_s === 86_400) return "a day";
  return wide_s % 3_600 === 0 ? `${wide_s / 3_600} h` : `${wide_s} s`;
}

function seconds(value_s: number): string {
  return value_s >= 10 ? `${Math.round(value_s)} s` : `${value_s.toFixed(1)} s`;
}
