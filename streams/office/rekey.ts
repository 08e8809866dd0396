/** `meter-rekey`: a meter's next key, over the air or in a file, while the old one goes on working. */
import {
  type NextKey,
  nextKey,
  retireBefore,
  type Wish,
  withNextKey,
} from "../../actors/enrolment/next_key.ts";
import { utf8 } from "../../protocol/bytes.ts";
import { RetryableError, TerminalError } from "../../protocol/errors.ts";
import type { Command, RekeyCommand } from "../../protocol/messages/command.ts";
import { id } from "../../protocol/messages/common.ts";
import type { Enrolment, SlaveKeyFile } from "../../protocol/messages/enrolment.ts";
import { z } from "../../protocol/schema.ts";
import { subjects } from "../../protocol/subjects.ts";
import { wrappingHour, wrapRekey } from "../../protocol/tves/rekey.ts";
import { unwrapKey } from "../../protocol/tves/wrap.ts";
import { headEndKeysOf } from "../../protocol/tves/wrapped_keys.ts";
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
  /** The key file of the generation that waits is lost: give that one up. */
  file_lost: z.boolean().default(false),
  wait_s: z.number().positive().max(REKEY_WAIT_S_MAX).default(WAIT_S),
});
export type RekeyInput = z.input<typeof rekeyInput>;

export interface Rekeyed {
  readonly generation: number;
  /** False where this generation waited for its first frame already: the same key again. */
  readonly created: boolean;
  readonly slave_id: string;
  /** Generations that were retired now: given up, or older ones by wish. */
  readonly retired: readonly number[];
  /** Where it was asked for; otherwise the new generation was seen in use. */
  readonly key_file?: SlaveKeyFile;
}

export const meterRekey = verb(rekeyInput, async (given, context): Promise<Rekeyed> => {
  const { meter_id, key_file, retire_old, file_lost, wait_s } = given;
  const kek = requireKek(context, "re-key meters");
  const meter = await findMeter(context.db, meter_id);
  if (meter === undefined) throw unknownMeter(meter_id);
  if (!key_file) await requireHeard(context, meter.slave_id);
  const way = key_file ? "hand" : "air";
  const { entry, next } = await addNextKey(context, meter_id, kek, { way, retire_old, file_lost });
  const { generation, isNew: created, under } = next;
  const { slave_id } = entry;
  const done = { generation, created, slave_id };
  if (key_file) {
    return { ...done, retired: next.retired, key_file: keyFileOf(entry, kek, context.now_ms()) };
  }
  await sendOverTheAir(context, entry, { kek, wait_s, under: under! });
  const older = retire_old ? await retireOlder(context, meter_id, generation) : [];
  return { ...done, retired: [...next.retired, ...older] };
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
 * The entry with the generation that the wish comes to as its newest. It stands there, and in the
 * history, before anything of it leaves the office.
 */
async function addNextKey(context: OfficeContext, meter_id: string, kek: Uint8Array, wish: Wish) {
  let next!: NextKey;
  const entry = await changeKeys(context, meter_id, async (entry) => {
    const in_use = inUseOf(await actorOf(context.broker, meter_id)).generation;
    const known = { in_use, now_ms: context.now_ms() };
    next = nextKey(entry, wish, known);
    const { generation, isNew, retired } = next;
    const action = isNew ? "meter.rekeyed" : "meter.rekey-repeated";
    const audit = { action, detail: { generation, way: wish.way, retired } };
    if (!isNew && retired.length === 0) return { audit };
    const fresh = isNew
      ? freshKey(kek, meter_id, { generation, by_hand: wish.way === "hand" }, known.now_ms)
      : undefined;
    return { keys: withNextKey(entry.keys, next, fresh, known), audit };
  });
  return { entry, next };
}

/** Sends the newest generation's key and waits until a frame of it was opened. */
async function sendOverTheAir(
  context: OfficeContext,
  entry: Enrolment,
  { wait_s, ...keys }: { kek: Uint8Array; under: number; wait_s: number },
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
  for (const command of [rekeyCommandOf(entry, keys, requested_at_ms), readNow]) {
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

/** The newest generation's key, wrapped under the hour key of generation `under`. */
function rekeyCommandOf(
  { meter_id, alias, keys }: Enrolment,
  { kek, under }: { kek: Uint8Array; under: number },
  now_ms: number,
): RekeyCommand {
  const next = keys.at(-1)!;
  const held = keys.find(({ generation }) => generation === under)!;
  const hour = wrappingHour(Math.floor(now_ms / 1_000));
  const hourKey = headEndKeysOf(meter_id, held, kek).hourKey(hour);
  if (hourKey === undefined) {
    throw new TerminalError(
      `The head-end's clock stands outside the life of meter ${meter_id}'s key: set the clock`,
    );
  }
  const { generation, enrolment_day } = next;
  const key = unwrapKey({ kek, wrapped: next.wrapped_key, meterId: meter_id, generation });
  const wrapped_key = wrapRekey({
    ...{ hourKey, hour, meterId: meter_id, alias, generation, enrolmentDay: enrolment_day },
    ...{ key, underGeneration: under },
    nonce: crypto.getRandomValues(new Uint8Array(12)),
  });
  key.fill(0);
  hourKey.fill(0);
  return {
    ...{ command: "rekey", request_id: crypto.randomUUID(), meter_id, alias, generation },
    ...{ enrolment_day, under_generation: under, hour, wrapped_key },
  };
}

/** Retires all generations before `newest`: what arrives from now on under one of them is refused. */
async function retireOlder(
  context: OfficeContext,
  meter_id: string,
  newest: number,
): Promise<readonly number[]> {
  let retired: readonly number[] = [];
  await changeKeys(context, meter_id, (entry) => {
    const after = retireBefore(entry.keys, newest, context.now_ms());
    retired = after.retired;
    if (retired.length === 0) return {};
    const audit = { action: "meter.key-retired", detail: { generations: retired } };
    return { keys: after.keys, audit };
  });
  return retired;
}
