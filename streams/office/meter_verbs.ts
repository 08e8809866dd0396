/** The verbs about meters, as the office offers them. */
import { meterEnrol } from "./enrol.ts";
import { frameExplain } from "./frame_explain.ts";
import { meterList, meterShow } from "./meters.ts";
import type { Verbs } from "./office.ts";
import { meterReadNow } from "./read_now.ts";
import { meterRekey } from "./rekey.ts";

export const meterVerbs: Verbs = {
  "meter-enrol": meterEnrol,
  "meter-list": meterList,
  "meter-show": meterShow,
  "meter-read-now": meterReadNow,
  "frame-explain": frameExplain,
  "meter-rekey": meterRekey,
};
