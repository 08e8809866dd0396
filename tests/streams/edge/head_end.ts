/** What a slave needs around it in a test: meters, a key file, and a head-end that opens frames. */
import { toHex } from "../../../protocol/bytes.ts";
import type { Confirmation } from "../../../protocol/messages/confirm.ts";
import type { SlaveKeyFile } from "../../../protocol/messages/enrolment.ts";
import { decodePack, type Pack } from "../../../protocol/senml.ts";
import { subjects } from "../../../protocol/subjects.ts";
import { HeadEndKeys } from "../../../protocol/tves/keys.ts";
import { type ParsedFrame, parseFrame } from "../../../protocol/tves/frame.ts";
import { openFrame } from "../../../protocol/tves/open.ts";
import { ReplayWindow } from "../../../protocol/tves/replay.ts";
import {
  type SlaveConfiguration,
  slaveConfiguration,
  type SlaveConfigurationInput,
} from "../../../streams/edge/configuration.ts";
import type { NatsBroker } from "../../../streams/jetstream/connection.ts";

export const SLAVE_ID = "south";

/** A key of meter `meter_id`, enrolled yesterday; derived from the name so that tests repeat. */
export function keyFileOf(meter_id: string, alias = 7, generation = 1): SlaveKeyFile {
  const key = new Uint8Array(32).map((_, i) => (i * 7 + meter_id.charCodeAt(i % meter_id.length)));
  return {
    format: "samay-slave-key/1",
    meter_id,
    alias,
    slave_id: SLAVE_ID,
    consumer_number: `C-${meter_id}`,
    generation,
    enrolment_day: Math.floor(Date.now() / 86_400_000) - 1,
    suite: 1,
    key: toHex(key),
  };
}

export const configurationOf = (given: Partial<SlaveConfigurationInput>): SlaveConfiguration =>
  slaveConfiguration.parse({
    slave_id: SLAVE_ID,
    data_dir: "/nowhere",
    meters: [{ meter_id: "M1", line: "tcp://127.0.0.1:1" }],
    interval_s: 1,
    time: { poll_s: 0.2 },
    resend_first_s: 0.5,
    heartbeat_s: 1,
    ...given,
  });

export interface OpenedFrame {
  readonly header: ParsedFrame;
  readonly t_s: number;
  readonly pack: Pack;
}

/** Opens every frame that is published, checks order and replay, and confirms when told to. */
export class TestHeadEnd {
  readonly opened: OpenedFrame[] = [];
  readonly faults: string[] = [];
  confirming = true;
  readonly #keys = new Map<string, HeadEndKeys>();
  readonly #windows = new Map<string, ReplayWindow>();
  readonly #broker: NatsBroker;

  constructor(broker: NatsBroker, files: readonly SlaveKeyFile[]) {
    this.#broker = broker;
    for (const { meter_id, key, generation, enrolment_day } of files) {
      const bytes = Uint8Array.from(key.match(/../g)!, (pair) => parseInt(pair, 16));
      this.#keys.set(
        meter_id,
        new HeadEndKeys({ key: bytes, generation, enrolmentDay: enrolment_day, meterId: meter_id }),
      );
      this.#windows.set(meter_id, new ReplayWindow());
    }
    broker.listen("samay.frame.*.*", (frame, subject) => this.#take(frame, subject));
  }

  tell(confirmation: Partial<Confirmation>): void {
    const message = { journal_sequence: 1, confirmed: [], refused: [], ...confirmation };
    this.#broker.tell(
      subjects.confirm(SLAVE_ID),
      new TextEncoder().encode(JSON.stringify(message)),
    );
  }

  #take(bytes: Uint8Array, subject: string): void {
    const meter_id = subject.split(".").at(-1)!;
    const parsed = parseFrame(bytes);
    if (!parsed.ok) return void this.faults.push(parsed.reason);
    const now_s = Math.floor(Date.now() / 1_000);
    const candidates = Array.from({ length: 21 }, (_, i) => now_s - 10 + i);
    const opened = openFrame(parsed.frame, this.#keys.get(meter_id)!, candidates);
    if (!opened.opened) return void this.faults.push(opened.reason);
    const order = { ...parsed.frame, t_s: opened.t_s };
    const verdict = this.#windows.get(meter_id)!.check(order);
    if (verdict !== "fresh") return void this.faults.push(verdict);
    this.#windows.get(meter_id)!.commit(order);
    const pack = decodePack(opened.plaintext);
    if (pack === undefined) return void this.faults.push("not_a_pack");
    this.opened.push({ header: parsed.frame, t_s: opened.t_s, pack });
    if (this.confirming) {
      this.tell({ confirmed: [{ meter_id, read_at_ms: pack.registers[0]!.read_at_ms }] });
    }
  }
}

/** Waits until `holds`; says `what` did not come about otherwise. */
export async function until(what: string, holds: () => boolean, within_ms = 60_000): Promise<void> {
  const deadline = performance.now() + within_ms;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`did not happen: ${what}`);
    await new Promise((done) => setTimeout(done, 20));
  }
}

export async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "samay-slave-" });
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
