/** Six processes race for one month, on a real server: one invoice an account comes out. */
import assert from "node:assert/strict";
import { postgresBinaries } from "../../support/postgres.ts";
import { withPostgres } from "../../support/database.ts";
import { addAccount, addReading, at } from "./fixture.ts";

const PROCESSES = 6;
const ACCOUNTS = 5;
const APRIL = "2026-04";
const NOW = at("2026-05-02T10:00:00+05:30");

interface Racer {
  readonly lines: ReadableStreamDefaultReader<string>;
  go(): Promise<void>;
  readonly ended: Promise<Deno.CommandStatus>;
}

function racer(url: string, seed: number): Racer {
  const accounts = Array.from({ length: ACCOUNTS }, (_, i) => `A${i + 1}`).join(",");
  const path = new URL("./race_process.ts", import.meta.url).pathname;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", path, url, APRIL, String(NOW), accounts, String(seed)],
    ...{ stdin: "piped", stdout: "piped", stderr: "inherit" },
  }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough(
    new TransformStream<string, string>({
      transform(text, controller) {
        for (const line of text.split("\n")) if (line !== "") controller.enqueue(line);
      },
    }),
  ).getReader();
  const stdin = child.stdin.getWriter();
  return {
    lines,
    go: async () => {
      await stdin.write(new TextEncoder().encode("go\n"));
      await stdin.close();
    },
    ended: child.status,
  };
}

Deno.test({
  name: "six processes race for one period: one live invoice an account, numbers without gaps",
  ignore: postgresBinaries() === undefined,
  fn: () =>
    withPostgres(async (db, url) => {
      for (let n = 1; n <= ACCOUNTS; n++) {
        await addAccount(db, n);
        await addReading(db, n, at("2026-04-30T20:00:00+05:30"), 1_250_000 + n);
      }
      const racers = Array.from({ length: PROCESSES }, (_, seed) => racer(url, seed));
      for (const one of racers) assert.equal((await one.lines.read()).value, "ready");
      await Promise.all(racers.map((one) => one.go()));
      const results = await Promise.all(racers.map(async (one) => {
        const line = (await one.lines.read()).value!;
        assert.equal((await one.ended).code, 0);
        await one.lines.cancel();
        return JSON.parse(line) as Record<string, { state: string; issued: string | null }>;
      }));
      // Each of the six was told that it is billed; one of them issued it.
      for (let n = 1; n <= ACCOUNTS; n++) {
        const of = results.map((one) => one[`A${n}`]!);
        assert.ok(of.every((one) => one.state === "issued"), JSON.stringify(of));
        assert.equal(of.filter((one) => one.issued !== null).length, 1, JSON.stringify(of));
      }
      const invoices = await db.selectFrom("invoice").select(["number", "account_id", "state"])
        .orderBy("number").execute();
      assert.deepEqual(
        invoices.map((one) => one.number),
        Array.from({ length: ACCOUNTS }, (_, i) => `MH/2026-27/00000${i + 1}`),
      );
      assert.equal(new Set(invoices.map((one) => one.account_id)).size, ACCOUNTS);
      const cycles = await db.selectFrom("billing_cycle").select("state").execute();
      assert.deepEqual(cycles.map((one) => one.state), Array(ACCOUNTS).fill("issued"));
    }).then(() => {}),
});
