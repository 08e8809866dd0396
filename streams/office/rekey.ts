/** `meter-rekey`: a meter's next key, over the air or in a file, while the old one goes on working. */
import { utf8 } from "../../protocol/bytes.ts";
import { RetryableError, TerminalError } from "../../protocol/errors.ts";
import type { Command, RekeyCommand } from "../../protocol/messages/command.ts";
import { id } from "../../protocol/messages/common.ts";
import {
  type Enrolment,
  GENERATIONS_KEPT,
  type SlaveKeyFile,
  type WrappedKey,
} from "../../protocol/messages/enrolment.ts";
import { z } from "../../protocol/schema.ts";
import { subjects } from "../../protocol/subjects.ts";
import { HeadEndKeys } from "../../protocol/tves/keys.ts";
import { GENERATION_MAX, wrappingHour, wrapRekey } from "../../protocol/tves/rekey.ts";
import { unwrapKey } from "../../protocol/tves/wrap.ts";
import { findMeter } from "../database/meters.ts";
import { actorOf, inUseOf } from "./generations.ts";
import { changeKeys, freshKey, keyFileOf, requireKek } from "./meter_entry.ts";
import { unknownMeter } from "./meters.ts";
import { type OfficeContext, verb } from "./office.ts";
import { whySilent } from "./read_now.ts";

const WAIT_S = 30;
export const REKEY_WAIT_S_MAX = 120;
const LOOK_EVERY_MS = 250;

const rekeyInput = z.object({
  meter_id: id,
  /** Give the key for a file to be carried by hand instead of sending it. */
  key_file: z.boolean().default(false),
  /** Refuse what arrives under older generations from now on. */
  retire_old: z.boolean().default(false),
  wait_s: z.number().positive().max(REKEY_WAIT_S_MAX).default(WAIT_S),
});
export type RekeyInput = z.input<typeof rekeyInput>;

export interface Rekeyed {
  readonly generation: number;
  /** False where this generation waited for its first frame already: the same key again. */
  readonly created: boolean;
  readonly slave_id: string;
  /** Generations that were retired now. */
  readonly retired: readonly number[];
  /** Where it was asked for; otherwise the new generation was seen in use. */
  readonly key_file?: SlaveKeyFile;
}

export const meterRekey = verb(rekeyInput, async (given, context): Promise<Rekeyed> => {
  const { meter_id, key_file, retire_old, wait_s } = given;
  const kek = requireKek(context, "re-key meters");
  const meter = await findMeter(context.db, meter_id);
  if (meter === undefined) throw unknownMeter(meter_id);
  if (!key_file) await requireHeard(context, meter.slave_id);
  const { entry, changed: created } = await addGeneration(context, meter_id, kek);
  const { generation } = entry.keys.at(-1)!;
  if (!key_file) await sendOverTheAir(context, entry, kek, wait_s);
  const retired = retire_old ? await retireBefore(context, meter_id, generation) : [];
  const { slave_id } = entry;
  const file = key_file ? { key_file: keyFileOf(entry, kek) } : {};
  return { generation, created, slave_id, retired, ...file };
});

/** A slave that never came cannot have the key that the new one would be wrapped under. */
async function requireHeard({ db }: OfficeContext, slave_id: string): Promise<void> {
  const heard = await db.selectFrom("slave").select("slave_id")
    .where("slave_id", "=", slave_id).executeTakeFirst();
  if (heard !== undefined) return;
  throw new TerminalError(
    `Slave ${slave_id} was never heard, and cannot be sent a key: start it, or carry the key to it ` +
      "with --key-file",
  );
}

/**
 * The entry with a generation that waits for its first frame. One that waits already is it: a repeated
 * or broken-off re-key completes, and never makes a second key.
 */
async function addGeneration(context: OfficeContext, meter_id: string, kek: Uint8Array) {
  return await changeKeys(context, meter_id, async ({ keys }) => {
    const inUse = inUseOf(await actorOf(context.broker, meter_id));
    const { generation: newest } = keys.at(-1)!;
    const waits = keys.length > 1 && newest > inUse.generation;
    const generation = waits ? newest : newest + 1;
    if (generation > GENERATION_MAX) {
      throw new TerminalError(
        `Meter ${meter_id} has used its last key generation, ${GENERATION_MAX}: enrol it anew under ` +
          "another meter ID",
      );
    }
    const action = waits ? "meter.rekey-repeated" : "meter.rekeyed";
    const audit = { action, detail: { generation } };
    if (waits) return { audit };
    const fresh = freshKey(kek, meter_id, generation, context.now_ms());
    return { keys: [...keys, fresh].slice(-GENERATIONS_KEPT), audit };
  });
}

/** Sends the newest generation's key and waits until a frame of it was opened. */
async function sendOverTheAir(
  context: OfficeContext,
  entry: Enrolment,
  kek: Uint8Array,
  wait_s: number,
): Promise<void> {
  const { meter_id, slave_id } = entry;
  const { generation } = entry.keys.at(-1)!;
  const requested_at_ms = context.now_ms();
  const expires_at_ms = requested_at_ms + Math.ceil(wait_s * 1_000);
  // A reading right behind it: the first frame of the new key shows that it has arrived.
  const readNow: Command = {
    ...{ command: "read-now", request_id: crypto.randomUUID(), meter_id },
    ...{ requested_at_ms, expires_at_ms },
  };
  for (const command of [rekeyCommandOf(entry, kek, requested_at_ms), readNow]) {
    const { request_id: messageId } = command;
    const payload = utf8(JSON.stringify(command));
    await context.broker.publish(subjects.command(slave_id), payload, { messageId });
  }
  const deadline_ms = performance.now() + wait_s * 1_000;
  while (inUseOf(await actorOf(context.broker, meter_id)).generation < generation) {
    if (performance.now() >= deadline_ms) {
      throw new RetryableError(
        `Meter ${meter_id} was not seen with key generation ${generation} within ${wait_s} s. ${await whySilent(
          context,
          slave_id,
          meter_id,
        )}. Its old key goes on working; repeat this for the same generation`,
      );
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** The newest generation's key, wrapped under the hour key of the one before. */
function rekeyCommandOf(entry: Enrolment, kek: Uint8Array, now_ms: number): RekeyCommand {
  const { meter_id, alias, keys } = entry;
  const [under, next] = keys.slice(-2) as [WrappedKey, WrappedKey];
  const keyOf = ({ generation, wrapped_key }: WrappedKey) =>
    unwrapKey({ kek, wrapped: wrapped_key, meterId: meter_id, generation });
  const hour = wrappingHour(Math.floor(now_ms / 1_000));
  const hourKey = new HeadEndKeys({
    key: keyOf(under),
    generation: under.generation,
    enrolmentDay: under.enrolment_day,
    meterId: meter_id,
  }).hourKey(hour);
  if (hourKey === undefined) {
    throw new TerminalError(
      `The head-end's clock stands before the enrolment of meter ${meter_id}: set the clock`,
    );
  }
  const { generation, enrolment_day } = next;
  const wrapped_key = wrapRekey({
    ...{ hourKey, hour, meterId: meter_id, alias, generation, enrolmentDay: enrolment_day },
    key: keyOf(next),
    nonce: crypto.getRandomValues(new Uint8Array(12)),
    underGeneration: under.generation,
  });
  return {
    ...{ command: "rekey", request_id: crypto.randomUUID(), meter_id, alias, generation },
    ...{ enrolment_day, under_generation: under.generation, hour, wrapped_key },
  };
}

/** Retires all generations before `newest`: what arrives from now on under one of them is refused. */
async function retireBefore(
  context: OfficeContext,
  meter_id: string,
  newest: number,
): Promise<number[]> {
  let retired: number[] = [];
  await changeKeys(context, meter_id, ({ keys }) => {
    const isDue = (key: WrappedKey) => key.generation < newest && key.not_after_ms === undefined;
    retired = keys.filter(isDue).map(({ generation }) => generation);
    if (retired.length === 0) return {};
    const not_after_ms = context.now_ms();
    return {
      keys: keys.map((key) => isDue(key) ? { ...key, not_after_ms } : key),
      audit: { action: "meter.key-retired", detail: { generations: retired } },
    };
  });
  return retired;
}
