/** I3: epochs never go down, and only the owner of the highest epoch appends. */
import { type Checker, Violation } from "./checker.ts";

export function fenceChecker(): Checker {
  const standing = new Map<string, { epoch: number; owner: string }>();
  return {
    journaled: ({ subject, sequence, record }) => {
      const { type, epoch, owner } = record;
      const before = standing.get(subject);
      const said = `record ${sequence} of ${subject}: ${type} ${epoch} by ${owner}`;
      if (type === "epoch") {
        if (before !== undefined && epoch <= before.epoch) {
          throw new Violation("I3", `${said}, behind epoch ${before.epoch} of ${before.owner}`);
        }
        standing.set(subject, { epoch, owner });
      } else if (before?.epoch !== epoch || before.owner !== owner) {
        throw new Violation(
          "I3",
          `${said}, while epoch ${before?.epoch} of ${before?.owner} stands`,
        );
      }
    },
  };
}
