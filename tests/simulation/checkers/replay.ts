/** I4: no sealed frame is accepted twice, whoever owned its meter when it came. */
import { type Checker, Violation } from "./checker.ts";

export function replayChecker(): Checker {
  const accepted = new Map<string, number>();
  return {
    journaled: ({ sequence, record }) => {
      for (const event of record.events) {
        if (event.event !== "reading") continue;
        const frame = [event.meter_id, event.generation, event.boot, event.sequence].join(" ");
        const before = accepted.get(frame);
        if (before !== undefined) {
          throw new Violation(
            "I4",
            `frame ${frame} (meter, generation, boot, sequence) was accepted in record ${before} ` +
              `and again in record ${sequence}`,
          );
        }
        accepted.set(frame, sequence);
      }
    },
  };
}
