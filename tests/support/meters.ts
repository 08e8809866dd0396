/** Enrolled meters and sealed frames for tests: the slave's side of TVES/2 in a few lines. */
import { Buffer } from "node:buffer";
import type { Enrolment } from "../../protocol/messages/enrolment.ts";
import type { Register } from "../../protocol/messages/common.ts";
import { encodePack } from "../../protocol/senml.ts";
import { HeadEndKeys } from "../../protocol/tves/keys.ts";
import { sealFrame } from "../../protocol/tves/seal.ts";
import { wrapKey } from "../../protocol/tves/wrap.ts";

export const TEST_KEK = new Uint8Array(Buffer.from("6b".repeat(32), "hex"));

export interface TestMeter {
  readonly enrolment: Enrolment;
  /** Seals a pack of `registers` in second floor(sealed_at_ms / 1000), with the next sequence. */
  seal(
    registers: Register[],
    sealed_at_ms: number,
    sequence?: number,
    hint?: boolean,
  ): Uint8Array;
}

/** A meter whose key is a function of its alias, enrolled a few days before `now_ms`. */
export function testMeter(meterId: string, alias: number, slaveId: string, now_ms: number) {
  const key = new Uint8Array(32).fill(alias & 0xff);
  const enrolmentDay = Math.floor(now_ms / 86_400_000) - 3;
  const generation = 1;
  const keys = new HeadEndKeys({ key, generation, enrolmentDay, meterId });
  let last = 0;
  const meter: TestMeter = {
    enrolment: {
      meter_id: meterId,
      alias,
      slave_id: slaveId,
      consumer_number: `C${alias}`,
      keys: [{
        generation,
        enrolment_day: enrolmentDay,
        wrapped_key: wrapKey({
          kek: TEST_KEK,
          key,
          meterId,
          generation,
          nonce: new Uint8Array(12).fill(alias & 0xff),
        }),
      }],
      enrolled_at_ms: now_ms,
    },
    seal: (registers, sealed_at_ms, sequence = ++last, hint = false) => {
      const t_s = Math.floor(sealed_at_ms / 1_000);
      return sealFrame({
        suite: 1,
        hint,
        clockQuality: 2,
        alias,
        generation,
        boot: 1,
        sequence,
        t_s,
        secondKey: keys.secondKey(t_s)!,
        plaintext: encodePack({ meterId, sealedAt_ms: sealed_at_ms, registers }),
      });
    },
  };
  return meter;
}

/** One energy register. */
export function energy(value: number, read_at_ms: number): Register[] {
  return [{ obis: "1-0:1.8.0", value, unit: "Wh", read_at_ms }];
}
