/**
 * The enrolled meters, as the KV bucket has them: a master's only way to a key. Keys stay wrapped
 * until a meter's first frame, and are never written anywhere.
 */
import type { FindMeter, Input, KnownMeter } from "../../actors/shard/actor.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { isId } from "../../protocol/subjects.ts";
import { readEnrolment } from "../../protocol/messages/enrolment_check.ts";
import { HeadEndKeys, keyIn } from "../../protocol/tves/keys.ts";
import type { SecondKeys } from "../../protocol/tves/open.ts";
import { type KeyOwner, unwrapKeyBytes } from "../../protocol/tves/wrap.ts";
import type { Bucket, Stoppable } from "../jetstream/broker.ts";
import type { Log } from "../terminal/log.ts";
import { type Enrolled, packEnrolment, unpackEnrolment, wrappedKeyOf } from "./enrolled.ts";
import { KeyMemory } from "./key_memory.ts";
import { Recent } from "./recent.ts";

/** Unknown ids that were looked up a moment ago: a flood of them must not become a flood of look-ups. */
const UNKNOWN_MAX = 10_000;
const UNKNOWN_FOR_MS = 2_000;
/** Meters that are kept unpacked: each frame's is asked for when it is opened and when it is confirmed. */
const RECENT_MAX = 16_384;
/**
 * Look-ups within a second, of all partitions together. Ids that nobody enrolled cost nothing to make
 * up, and each look-up holds up the frames beside it. What is not looked up is unknown for now: should
 * it have been enrolled a moment ago, its slave sends the reading again.
 */
const LOOK_UPS_A_SECOND = 16;
/** Enrolments on which the key-encryption key is tried at the start. */
const SAMPLE = 8;
/** One for all: a million enrolments come at the start. */
const decoder = new TextDecoder();

export class Keyring {
  readonly #bucket: Bucket;
  readonly #kek: Uint8Array;
  readonly #log: Log;
  readonly #byAlias = new Map<number, string>();
  /** The enrolments, packed: a million of them lie here, and few are needed at a time. */
  readonly #byId = new Map<string, string>();
  /** Keys that were unwrapped, by alias and generation: of enrolled meters alone. */
  readonly #opened = new Map<number, HeadEndKeys>();
  readonly #memory = new KeyMemory();
  readonly #recent = new Recent<string, KnownMeter>(RECENT_MAX);
  readonly #unknown = new Map<string, number>();
  #watch: Stoppable | undefined;

  /** Look-ups that are left until the second ends. */
  #lookUps = { until_ms: -Infinity, left: 0 };
  readonly #lookUpsMax: number;

  constructor(bucket: Bucket, kek: Uint8Array, log: Log, lookUps_a_second = LOOK_UPS_A_SECOND) {
    this.#lookUpsMax = lookUps_a_second;
    this.#bucket = bucket;
    this.#kek = kek;
    this.#log = log;
  }

  /**
   * Resolves once every enrolment that stands is known. Throws `TerminalError` when the
   * key-encryption key opens none of the first few: with a wrong one every frame would be lost.
   */
  async start(): Promise<void> {
    this.#watch = await this.#bucket.watch((id, value, revision) =>
      this.#take(id, value, revision)
    );
    const sample = this.#byAlias.values().take(SAMPLE).map((id) => this.#known(id)).toArray();
    if (sample.length > 0 && !sample.some((meter) => this.#opens(meter))) {
      await this.stop();
      throw new TerminalError(
        "The key-encryption key opens none of the enrolled keys: is SAMAY_KEK_FILE the right file?",
      );
    }
  }

  #opens(meter: KnownMeter): boolean {
    try {
      // Whether it opens does not depend on when a frame arrived.
      meter.generations.forEach((generation) => meter.keysOf(generation, 0));
      return true;
    } catch (error) {
      this.#log.error("key not opened", {
        meter: meter.meterId,
        reason: (error as Error).message,
      });
      return false;
    }
  }

  async stop(): Promise<void> {
    await this.#watch?.stop();
  }

  get size(): number {
    return this.#byId.size;
  }

  /** Ids that are remembered as unknown. */
  get unknown(): number {
    return this.#unknown.size;
  }

  readonly find: FindMeter = (alias) => {
    const id = this.#byAlias.get(alias);
    return id === undefined ? undefined : this.#known(id);
  };

  readonly slaveOf = (meterId: string): string | undefined =>
    this.#byId.has(meterId) ? this.#known(meterId).slaveId : undefined;

  /** Looks at the bucket itself before a frame of a meter enrolled a moment ago is called unknown. */
  async refresh(inputs: readonly Input[]): Promise<void> {
    const now_ms = performance.now();
    const missing = new Set(
      inputs.map((input) => input.id).filter((id) =>
        // Anybody may have written the subject: what is no name is no key of the bucket either.
        isId(id) && !this.#byId.has(id) &&
        now_ms - (this.#unknown.get(id) ?? -Infinity) > UNKNOWN_FOR_MS
      ),
    );
    // At most a batch of them, and at the same time: one after the other they would hold up the rest.
    await Promise.all(
      this.#affordable([...missing], now_ms).map(async (id) => {
        const entry = await this.#bucket.get(id);
        if (entry) this.#take(id, entry.value, entry.revision);
        else this.#remember(id, now_ms);
      }),
    );
  }

  /** As many of `ids` as may still be looked up within this second. */
  #affordable(ids: readonly string[], now_ms: number): readonly string[] {
    if (now_ms >= this.#lookUps.until_ms) {
      this.#lookUps = { until_ms: now_ms + 1_000, left: this.#lookUpsMax };
    }
    const chosen = ids.slice(0, this.#lookUps.left);
    this.#lookUps.left -= chosen.length;
    return chosen;
  }

  #remember(id: string, now_ms: number): void {
    if (this.#unknown.size >= UNKNOWN_MAX) this.#unknown.clear();
    this.#unknown.set(id, now_ms);
  }

  #take(id: string, value: Uint8Array | undefined, revision: number): void {
    const before = this.#enrolledAs(id);
    if (before && before.revision >= revision) return;
    try {
      const entry = value && readEnrolment(decoder.decode(value), `Enrolment of ${id}`);
      const packed = entry && packEnrolment(entry, revision);
      this.#recent.delete(id);
      // Not before the new one is read: a meter with a broken entry goes on with the old one.
      if (before) this.#drop(id, before);
      if (entry === undefined) return;
      this.#byAlias.set(entry.alias, id);
      this.#byId.set(id, packed!);
      this.#unknown.delete(id);
    } catch (error) {
      const kept = before === undefined ? "nothing" : "the one before";
      const reason = (error as Error).message;
      this.#log.error("enrolment not readable", { meter: id, kept, reason });
    }
  }

  #enrolledAs(id: string): Enrolled | undefined {
    const packed = this.#byId.get(id);
    return packed === undefined ? undefined : unpackEnrolment(packed);
  }

  #drop(id: string, { alias, keys }: Enrolled): void {
    this.#byAlias.delete(alias);
    this.#byId.delete(id);
    for (const { generation } of keys) {
      const slot = slotOf(alias, generation);
      const opened = this.#opened.get(slot);
      if (opened) this.#memory.give(opened.place);
      this.#opened.delete(slot);
    }
  }

  /** Of an enrolled meter alone. */
  #known(meterId: string): KnownMeter {
    const recent = this.#recent.get(meterId);
    if (recent !== undefined) return recent;
    const meter = this.#unpack(meterId);
    this.#recent.set(meterId, meter);
    return meter;
  }

  #unpack(meterId: string): KnownMeter {
    const packed = this.#byId.get(meterId)!;
    const { alias, slaveId, keys } = unpackEnrolment(packed);
    const keysOf = (generation: number, arrival_ms: number): SecondKeys | undefined => {
      const index = keys.findIndex((key) => key.generation === generation);
      const key = keys[index];
      if (key === undefined || arrival_ms > (key.not_after_ms ?? Infinity)) return undefined;
      const ready = this.#opened.get(slotOf(alias, generation));
      if (ready) return ready;
      const wrapped = wrappedKeyOf(packed, index, keys.length);
      const opened = this.#open({ meterId, generation }, key.enrolment_day, wrapped);
      this.#opened.set(slotOf(alias, generation), opened);
      return opened;
    };
    return { meterId, slaveId, generations: keys.map((key) => key.generation), keysOf };
  }

  /** Unwraps a key into its place: there is no other copy of it. */
  #open(owner: KeyOwner, enrolmentDay: number, wrapped: Uint8Array): HeadEndKeys {
    const place = this.#memory.take();
    try {
      const key = unwrapKeyBytes(this.#kek, owner, wrapped, keyIn(place));
      return new HeadEndKeys({ key, ...owner, enrolmentDay, place });
    } catch (error) {
      this.#memory.give(place);
      throw error;
    }
  }
}

/** A number for each generation of each meter. */
function slotOf(alias: number, generation: number): number {
  return generation * 2 ** 32 + alias;
}
