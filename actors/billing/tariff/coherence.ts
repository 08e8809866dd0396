/**
 * What the fields of a tariff must be together. It looks at whatever is there, right or wrong, so
 * that a file with a wrong number in one place is still told of the gap between its versions.
 */
import { calendarFaults } from "./coherence/calendar.ts";
import { exampleFaults } from "./coherence/examples.ts";
import { type Fault, listAt } from "./coherence/fault.ts";
import { limitFaults } from "./coherence/limits.ts";
import { referenceFaults } from "./coherence/references.ts";
import { successionFaults } from "./coherence/succession.ts";

/** Every fault between the fields of `document`, which need not have the shape of one. */
export function incoherences(document: unknown): Fault[] {
  return [
    ...successionFaults(document),
    ...listAt(document, ["versions"]).flatMap(({ value, path }) => [
      ...calendarFaults(value, path),
      ...limitFaults(value, path),
      ...referenceFaults(value, path),
      ...exampleFaults(value, path),
    ]),
  ];
}
