/**
 * The fleet as a process of its own. `fill` seals and publishes as fast as it can; `live` has its
 * frames sealed for the second in which each will go out, waits for the word, and sends them at an
 * even rate, so that sealing takes nothing from the cores while the head-end is measured.
 */
import process from "node:process";
import { connect } from "../../../streams/jetstream/connection.ts";
import type { Frame } from "../../../streams/fleet/frames.ts";
import { useSystemCrypto } from "../../../streams/native/system_crypto.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { Fleet } from "./fleet.ts";

export interface FleetOrder {
  readonly url: string;
  readonly meters: number;
  readonly boot: number;
  readonly count: number;
  /** Frames a second; 0: as fast as possible. */
  readonly rate: number;
}

export interface FleetResult {
  readonly sent: number;
  readonly seconds: number;
  /** Furthest that a frame went out behind its moment. */
  readonly late_ms_max: number;
  /** Processor time of the sending alone. */
  readonly cpu_s: number;
}

/** Frames whose acknowledgement is waited for together. */
/** Between the readings of one fleet and those of the next. */
const BOOT_APART_MS = 30 * 86_400_000;
const FILL_BATCH = 1_000;
/** Between the last frame sealed and the first one sent: the roles start meanwhile. */
const LEAD_MS = 15_000;
/** Frames by which the time for sealing is estimated, and how much is added to be safe. */
const TRIAL = 4_000;
const MARGIN = 1.5;
const TICK_MS = 5;

async function fill(order: FleetOrder): Promise<FleetResult> {
  const broker = await connect({ url: order.url, name: "bench fleet" });
  const begin_ms = Date.now();
  const fleet = fleetOf(order, begin_ms);
  const started_ms = performance.now();
  const before_us = usedCpu();
  let before: Promise<unknown> = Promise.resolve();
  for (let n = 0; n < order.count;) {
    const batch: Promise<unknown>[] = [];
    for (; batch.length < FILL_BATCH && n < order.count; n++) {
      const { subject, payload } = fleet.seal(n, Date.now());
      batch.push(broker.publish(subject, payload));
    }
    await before;
    before = Promise.all(batch);
    before.catch(() => {}); // Heard by the next round.
  }
  await before;
  const seconds = (performance.now() - started_ms) / 1_000;
  await broker.close();
  return { sent: order.count, seconds, late_ms_max: 0, cpu_s: (usedCpu() - before_us) / 1e6 };
}

function fleetOf(order: FleetOrder, now_ms: number): Fleet {
  const rounds = Math.ceil(order.count / order.meters);
  // One reading a minute of each meter. Boots are weeks apart: no reading is of two of them, and none
  // so old that validation would keep it from being used.
  const firstRead_ms = now_ms - (rounds + 1) * 60_000 - order.boot * BOOT_APART_MS;
  return new Fleet({ ...order, now_ms, firstRead_ms, apart_ms: 60_000 });
}

async function live(order: FleetOrder): Promise<FleetResult> {
  const broker = await connect({ url: order.url, name: "bench fleet" });
  // Sealed for moments to come: how long the sealing takes is measured on a few.
  const trial = fleetOf(order, Date.now());
  const tried_ms = performance.now();
  for (let n = 0; n < TRIAL; n++) trial.seal(n, Date.now());
  const seal_ms = (performance.now() - tried_ms) / TRIAL;
  const now_ms = Date.now();
  const fleet = fleetOf(order, now_ms);
  const frames: Frame[] = [];
  const gap_ms = 1_000 / order.rate;
  const begin_ms = Math.ceil(now_ms + LEAD_MS + order.count * seal_ms * MARGIN);
  for (let n = 0; n < order.count; n++) {
    frames.push(fleet.seal(n, begin_ms + Math.floor(n * gap_ms)));
  }
  if (Date.now() > begin_ms) throw new Error("Sealing took longer than it should: a busy machine");
  console.log("sealed");
  await new Promise((resolve) => setTimeout(resolve, begin_ms - Date.now()));
  const before_us = usedCpu();
  let late_ms_max = 0;
  for (let n = 0; n < order.count;) {
    const due = Math.min(order.count, Math.floor((Date.now() - begin_ms) / gap_ms) + 1);
    late_ms_max = Math.max(late_ms_max, Date.now() - (begin_ms + n * gap_ms));
    for (; n < due; n++) broker.tell(frames[n]!.subject, frames[n]!.payload);
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  await broker.connection.flush();
  const seconds = (Date.now() - begin_ms) / 1_000;
  const cpu_s = (usedCpu() - before_us) / 1e6;
  await broker.close();
  return { sent: order.count, seconds, late_ms_max: Math.round(late_ms_max), cpu_s };
}

function usedCpu(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

useSystemCrypto(silentLog);
const order: FleetOrder = JSON.parse(Deno.args[0]!);
console.log(JSON.stringify(order.rate > 0 ? await live(order) : await fill(order)));
