/** What one packet whose text is known gives away, in each of the three systems. */
import { binomialPValue } from "../../protocol/paper/agreement.ts";
import {
  aesPaperDecrypt,
  aesPaperOpen,
  aesPaperSeal,
  CHECK_BITS_MAX,
  checkFits,
  textOf,
  timeRoundKeys,
} from "../../protocol/paper/aes_paper.ts";
import {
  caesarDecrypt,
  caesarSeal,
  DIGITS,
  distinctShifts,
  LETTERS,
  PRINTABLE,
  secondFromShift,
  shiftFromKnown,
  shiftOf,
} from "../../protocol/paper/caesar.ts";
import { hasForm, packetDigits } from "../../protocol/paper/packet.ts";
import { linearSeries, TIME_KEYS_A_DAY } from "../../protocol/paper/paper_time.ts";
import { type Chance, seeded } from "../../protocol/paper/random.ts";
import { parseFrame } from "../../protocol/tves/frame.ts";
import { frameContext, frameKeys } from "../../protocol/tves/schedule.ts";
import { suites } from "../../protocol/tves/suites.ts";
import { anyPacket, FROM_S, PAPER_WINDOW_S } from "./measure_condition.ts";
import type { AlphabetResult, KnownPlaintextResult } from "./result.ts";
import { TvesMeter } from "./systems.ts";

const SECONDS_TRIED = 200;
/** Other meters that send in the same second. */
const OTHERS = 10;
const AMBIGUITY_BITS = [8, 12, 16] as const;

function anySecond(chance: Chance): number {
  return FROM_S + chance.integer(PAPER_WINDOW_S, TIME_KEYS_A_DAY - 1 - PAPER_WINDOW_S);
}

/** A window around a second, somewhere in it: the attacker's clock is as good as the master's. */
function seriesAround(t_s: number, chance: Chance): number[] {
  return linearSeries(t_s + chance.integer(-PAPER_WINDOW_S, PAPER_WINDOW_S), PAPER_WINDOW_S);
}

function measureCaesar(chance: Chance): KnownPlaintextResult["caesar"] {
  let shiftFound = 0, secondFound = 0, othersRead = 0;
  for (let i = 0; i < SECONDS_TRIED; i++) {
    const t_s = anySecond(chance);
    const known = anyPacket(chance);
    const shift = shiftFromKnown(caesarSeal(known, t_s), known);
    if (shift === shiftOf(t_s, PRINTABLE.length)) shiftFound++;
    const series = seriesAround(t_s, chance);
    const second = secondFromShift(shift, series, PRINTABLE.length);
    if (second === t_s) secondFound++;
    for (let j = 0; j < OTHERS; j++) {
      const text = anyPacket(chance);
      if (caesarDecrypt(caesarSeal(text, t_s), second ?? t_s - 1) === text) othersRead++;
    }
  }
  return {
    tried: SECONDS_TRIED,
    shiftFound,
    secondFound,
    othersTried: SECONDS_TRIED * OTHERS,
    othersRead,
    alphabets: [
      measureAlphabet("digits", DIGITS, chance),
      measureAlphabet("letters", LETTERS, chance),
      measureAlphabet("printable", PRINTABLE, chance),
    ],
  };
}

/** How a packet is written in each alphabet, and what then looks right. */
const WRITTEN: Readonly<
  Record<AlphabetResult["alphabet"], {
    readonly write: (packet: string) => string;
    readonly looksRight: (text: string) => boolean;
  }>
> = {
  digits: { write: onlyDigits, looksRight: () => true },
  letters: {
    write: (packet) => [...onlyDigits(packet)].map((digit) => LETTERS[Number(digit)]!).join(""),
    looksRight: (text) => /^[A-J]+$/.test(text),
  },
  printable: { write: (packet) => packet, looksRight: hasForm },
};

function onlyDigits(packet: string): string {
  const [consumer, reading] = packet.split(" ");
  return packetDigits({
    consumer: Number(consumer),
    reading_wh: Number(reading!.replace(".", "")),
  });
}

function measureAlphabet(
  name: AlphabetResult["alphabet"],
  alphabet: string,
  chance: Chance,
): AlphabetResult {
  const { write, looksRight } = WRITTEN[name];
  let shifts = 0, right = 0;
  for (let i = 0; i < SECONDS_TRIED; i++) {
    const t_s = anySecond(chance);
    const sealed = caesarSeal(write(anyPacket(chance)), t_s, alphabet);
    const series = seriesAround(t_s, chance);
    shifts += distinctShifts(series, alphabet.length);
    right += series.filter((second) => looksRight(caesarDecrypt(sealed, second, alphabet))).length;
  }
  return {
    alphabet: name,
    size: alphabet.length,
    seconds: 2 * PAPER_WINDOW_S + 1,
    distinctShifts: shifts / SECONDS_TRIED,
    lookRight: right / SECONDS_TRIED,
  };
}

/** Every key that the time can make in a day, on one packet whose text is known. */
function measureAes(chance: Chance, now_ms: () => number) {
  const t_s = anySecond(chance);
  const known = anyPacket(chance);
  const sealed = aesPaperSeal(known, t_s);
  const passed = AMBIGUITY_BITS.map(() => 0);
  const fitting: number[] = [];
  const began_ms = now_ms();
  for (let second = 0; second < TIME_KEYS_A_DAY; second++) {
    const packet = aesPaperDecrypt(sealed, timeRoundKeys(second));
    // The whole check first: it is quicker than the text, and the text is behind it.
    if (checkFits(packet, CHECK_BITS_MAX) && textOf(packet) === known) fitting.push(second);
    else AMBIGUITY_BITS.forEach((bits, i) => passed[i]! += checkFits(packet, bits) ? 1 : 0);
  }
  const elapsed_ms = now_ms() - began_ms;
  let othersRead = 0;
  for (let j = 0; j < OTHERS; j++) {
    const text = anyPacket(chance);
    if (aesPaperOpen(aesPaperSeal(text, t_s), fitting)?.text === text) othersRead++;
  }
  const n = TIME_KEYS_A_DAY - 1;
  const result: KnownPlaintextResult["aes"] = {
    keys: TIME_KEYS_A_DAY,
    keysThatFit: fitting.length,
    secondFound: fitting.length === 1 && fitting[0] === t_s % TIME_KEYS_A_DAY,
    ambiguity: AMBIGUITY_BITS.map((check_bits, i) => {
      const predicted = 2 ** -check_bits;
      const p_value = binomialPValue(passed[i]!, n, predicted);
      return { check_bits, predicted, measured: passed[i]! / n, n, p_value };
    }),
    othersTried: OTHERS,
    othersRead,
  };
  return { result, elapsed_ms };
}

/**
 * Hands the attacker more than a known text: the whole key of one frame. The other frames of that
 * meter and second have keys of their own, because each key is bound to its header.
 */
function measureTves(chance: Chance): KnownPlaintextResult["tves2"] {
  const meter = new TvesMeter(chance, FROM_S);
  let othersRead = 0;
  for (let i = 0; i < SECONDS_TRIED; i++) {
    const t_s = anySecond(chance);
    const own = parseFrame(meter.seal(anyPacket(chance), t_s));
    const other = parseFrame(meter.seal(anyPacket(chance), t_s));
    if (!own.ok || !other.ok) throw new RangeError("A frame of the experiment has no form");
    const key = frameKeys(meter.keys.secondKey(t_s)!, own.frame.header).key();
    const { header, commitment, sealed } = other.frame;
    const { nonce, aad } = frameContext(header, commitment, t_s);
    if (suites[1].open({ key, nonce, aad }, sealed) !== undefined) othersRead++;
  }
  return { othersTried: SECONDS_TRIED, othersRead };
}

/** The three attacks. `now_ms` times the search through a day's keys. */
export function measureKnownPlaintext(
  seed: number,
  now_ms: () => number,
): { readonly result: KnownPlaintextResult; readonly aesAllKeys_ms: number } {
  const aes = measureAes(seeded(seed, 3, 1), now_ms);
  return {
    result: {
      caesar: measureCaesar(seeded(seed, 3, 0)),
      aes: aes.result,
      tves2: measureTves(seeded(seed, 3, 2)),
    },
    aesAllKeys_ms: aes.elapsed_ms,
  };
}
