/** The load of the soak as a process of its own: says how far it is, and what it gave in the end. */
import { connect } from "../../streams/jetstream/connection.ts";
import { type FleetResult, runFleet } from "../../streams/fleet/run.ts";
import { benchMeterOf, enrolmentDayAt, slaveIdOf } from "../bench/headend/fleet.ts";

export interface SoakLoad {
  readonly url: string;
  readonly meters: number;
  readonly rate: number;
  readonly seconds: number;
}

export type SoakLoaded = FleetResult;

const PATIENCE_S = 60;

const order: SoakLoad = JSON.parse(Deno.args[0]!);
const enrolmentDay = enrolmentDayAt(Date.now());
const indexes = Array.from({ length: order.meters }, (_, index) => index);
const broker = await connect({ url: order.url, name: "soak load" });
const result = await runFleet({
  ...{ broker, rate: order.rate, seconds: order.seconds, patience_s: PATIENCE_S },
  meters: indexes.map((index) => benchMeterOf(index, enrolmentDay)),
  slaves: new Set(indexes.map(slaveIdOf)),
});
await broker.close();
console.log(JSON.stringify(result));
