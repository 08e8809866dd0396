/** The fuel adjustment of a month, from the command line over a real broker. */
import assert from "node:assert/strict";
import { startOffice } from "../../../streams/office/office.ts";
import { tariffVerbs } from "../../../streams/office/tariff_verbs.ts";
import { type Command, Failure, UsageError } from "../../../streams/terminal/command.ts";
import { command as list } from "../../../streams/terminal/commands/tariff_fac_list.ts";
import { command as set } from "../../../streams/terminal/commands/tariff_fac_set.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { parseCommandLine } from "../../../streams/terminal/parse.ts";
import { withBroker } from "../../support/broker.ts";
import { withDatabase } from "../../support/database.ts";

async function run(command: Command, ...words: string[]): Promise<string> {
  const printed: string[] = [];
  const log = console.log;
  console.log = (text: string) => void printed.push(text);
  try {
    assert.equal(await command.run(parseCommandLine(command, words)), 0);
  } finally {
    console.log = log;
  }
  return printed.join("\n");
}

const words = (month: string, rates: string, tariff = "msedcl-lt-1b") => [
  ...["--tariff", tariff, "--month", month, "--rates", rates],
  ...["--source", "Circular 412, page 2", "--reason", "published"],
];

Deno.test("tariff fac set enters a month, tariff fac list shows it, and refusals say why", async () => {
  await withBroker(({ broker, process }) =>
    withDatabase(async (db) => {
      const context = { db, broker, log: silentLog, now_ms: () => 0 };
      const office = startOffice(context, tariffVerbs);
      Deno.env.set("SAMAY_NATS_URL", process.url);
      try {
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
      } finally {
        Deno.env.delete("SAMAY_NATS_URL");
        await office.stop();
      }
    })
  );
});
