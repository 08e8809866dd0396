/**
 * The enrolled meters, as the KV bucket has them: a master's only way to a key. Keys stay wrapped
 * until a meter's first frame, and are never written anywhere.
 */
import type { FindMeter, Input, KnownMeter } from "../../actors/shard/actor.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { parseJson } from "../../protocol/schema.ts";
import { isId } from "../../protocol/subjects.ts";
import { type Enrolment, enrolment } from "../../protocol/messages/enrolment.ts";
import { HeadEndKeys } from "../../protocol/tves/keys.ts";
import type { SecondKeys } from "../../protocol/tves/open.ts";
import { unwrapKey } from "../../protocol/tves/wrap.ts";
import type { Bucket, Stoppable } from "../jetstream/broker.ts";
import type { Log } from "../terminal/log.ts";

/** Unknown ids that were looked up a moment ago: a flood of them must not become a flood of look-ups. */
const UNKNOWN_MAX = 10_000;
const UNKNOWN_FOR_MS = 2_000;
/** Enrolments on which the key-encryption key is tried at the start. */
const SAMPLE = 8;

export class Keyring {
  readonly #bucket: Bucket;
  readonly #kek: Uint8Array;
  readonly #log: Log;
  readonly #byAlias = new Map<number, KnownMeter>();
  readonly #byId = new Map<string, { alias: number; slaveId: string; revision: number }>();
  readonly #unknown = new Map<string, number>();
  #watch: Stoppable | undefined;

  constructor(bucket: Bucket, kek: Uint8Array, log: Log) {
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
    const sample = [...this.#byAlias.values()].slice(0, SAMPLE);
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

  readonly find: FindMeter = (alias) => this.#byAlias.get(alias);

  readonly slaveOf = (meterId: string): string | undefined => this.#byId.get(meterId)?.slaveId;

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
    for (const id of missing) {
      const entry = await this.#bucket.get(id);
      if (entry) this.#take(id, entry.value, entry.revision);
      else this.#remember(id, now_ms);
    }
  }

  #remember(id: string, now_ms: number): void {
    if (this.#unknown.size >= UNKNOWN_MAX) this.#unknown.clear();
    this.#unknown.set(id, now_ms);
  }

  #take(id: string, value: Uint8Array | undefined, revision: number): void {
    const before = this.#byId.get(id);
    if (before && before.revision >= revision) return;
    if (before) {
      this.#byAlias.delete(before.alias);
      this.#byId.delete(id);
    }
    if (value === undefined) return;
    try {
      const text = new TextDecoder().decode(value);
      const entry = parseJson(enrolment, text, `Enrolment of ${id}`);
      this.#byAlias.set(entry.alias, this.#known(entry));
      this.#byId.set(id, { alias: entry.alias, slaveId: entry.slave_id, revision });
      this.#unknown.delete(id);
    } catch (error) {
      this.#log.error("enrolment not readable", { meter: id, reason: (error as Error).message });
    }
  }

  #known(entry: Enrolment): KnownMeter {
    const unwrapped = new Map<number, SecondKeys>();
    const keysOf = (generation: number, arrival_ms: number): SecondKeys | undefined => {
      const key = entry.keys.find((key) => key.generation === generation);
      if (key === undefined || arrival_ms > (key.not_after_ms ?? Infinity)) return undefined;
      const ready = unwrapped.get(generation);
      if (ready) return ready;
      const keys = new HeadEndKeys({
        key: unwrapKey({
          kek: this.#kek,
          wrapped: key.wrapped_key,
          meterId: entry.meter_id,
          generation,
        }),
        generation,
        enrolmentDay: key.enrolment_day,
        meterId: entry.meter_id,
      });
      unwrapped.set(generation, keys);
      return keys;
    };
    return {
      meterId: entry.meter_id,
      slaveId: entry.slave_id,
      generations: entry.keys.map((key) => key.generation),
      keysOf,
    };
  }
}
