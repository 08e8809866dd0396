/** The fuel adjustment of a month, from the command line over a real broker. */
import assert from "node:assert/strict";
import { tariffVerbs } from "../../../streams/office/tariff_verbs.ts";
import { Failure, UsageError } from "../../../streams/terminal/command.ts";
import { command as list } from "../../../streams/terminal/commands/tariff_fac_list.ts";
import { command as set } from "../../../streams/terminal/commands/tariff_fac_set.ts";
import { runCommand as run } from "../../support/command_line.ts";
import { withOffice } from "../../support/office.ts";

const words = (month: string, rates: string, tariff = "msedcl-lt-1b") => [
  ...["--tariff", tariff, "--month", month, "--rates", rates],
  ...["--source", "Circular 412, page 2", "--reason", "published"],
];

Deno.test("tariff fac set enters a month, tariff fac list shows it, and refusals say why", async () => {
  await withOffice(tariffVerbs, { now_ms: () => 0 }, async () => {
    assert.match(await run(list), /No fuel adjustment/);
    assert.equal(
      await run(set, ...words("2026-06", "0.45,0.60,0.80,0.95")),
      "msedcl-lt-1b 2026-06: FAC 0.45, 0.60, 0.80, 0.95, before no FAC",
    );
    assert.match(await run(set, ...words("2026-06", "0.45,0.60,0.80,0.95")), /stands already/);
    assert.match(await run(set, ...words("2026-06", "0.5")), /before FAC 0.45, 0.60, 0.80/);
    assert.match(await run(list), /2026-06 +0\.50 /);
    assert.match(await run(list, "--all"), /0\.95 \(replaced\).*Circular 412, page 2/);
    const refused = (given: string[], kind: typeof Failure | typeof UsageError, why: RegExp) =>
      assert.rejects(run(set, ...given), (error: Error) => {
        assert.ok(error instanceof kind, String(error));
        assert.match(error.message, why);
        return true;
      });
    await refused(words("2026-06", "1,2"), Failure, /2 FAC rates for 4 slabs/);
    await refused(words("2026-06", "1", "none"), Failure, /No tariff "none"/);
    await refused(words("2026-6", "1"), UsageError, /--month is a month/);
    await refused(words("2026-06", "-1"), UsageError, /--rates: "-1" is not a rate/);
    await refused(words("2026-06", "1").slice(0, -2), UsageError, /Say why/);
    await refused(words("2026-06", "1").slice(0, 6), UsageError, /Missing --source/);
    assert.equal(JSON.parse(await run(list, "--all", "--json")).length, 2);
  });
});
