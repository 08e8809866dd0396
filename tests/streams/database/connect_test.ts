import assert from "node:assert/strict";
import { migrations } from "../../../migrations/mod.ts";
import { join } from "node:path";
import { openDatabase } from "../../../streams/database/connect.ts";
import { sql } from "../../../streams/database/kysely.ts";
import { ledgerCursor, ledgerIn } from "../../../streams/database/ledger.ts";
import { runLedger } from "../../../streams/database/ledger_loop.ts";
import { migrate } from "../../../streams/database/migrate.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { lockDirectory } from "../../../streams/database/directory_lock.ts";
import { startEmbedded } from "../../../streams/database/pglite.ts";
import { migratedImage } from "../../support/database.ts";
import { eventually } from "../../support/eventually.ts";
import { postgresBinaries, startPostgres } from "../../support/postgres.ts";

const LOCK = new URL("../../../streams/database/directory_lock.ts", import.meta.url).href;

Deno.test("openDatabase() gives a directory to one process, and to the next once that has died", async () => {
  const folder = await Deno.makeTempDir({ prefix: "samay-database-" });
  const dataDir = join(folder, "database");
  const script = `
    const { lockDirectory } = await import("${LOCK}");
    globalThis.release = await lockDirectory(Deno.args[0]);
    console.log("locked");
    setInterval(() => {}, 1000);`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-check", script, dataDir],
    stdout: "piped",
    stdin: "null",
  }).spawn();
  try {
    const reader = child.stdout.getReader();
    const { value } = await reader.read();
    assert.match(new TextDecoder().decode(value), /locked/);
    await assert.rejects(
      openDatabase({ dataDir }),
      new RegExp(`in use by process ${child.pid}\\. Stop that process`),
    );
    child.kill("SIGKILL");
    await reader.cancel();
    await child.status;
    const release = await lockDirectory(dataDir);
    await assert.rejects(openDatabase({ dataDir }), /in use by process/);
    release();
    (await lockDirectory(dataDir))();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("openDatabase() keeps rows in its directory and lets go of it when destroyed", async () => {
  const folder = await Deno.makeTempDir({ prefix: "samay-database-" });
  const dataDir = join(folder, "database");
  try {
    // A copy of an empty database is quicker than a new one.
    await (await startEmbedded({ dataDir, image: await migratedImage() })).close();
    const first = await openDatabase({ dataDir });
    await sql`update ledger_cursor set sequence = 42`.execute(first);
    await assert.rejects(openDatabase({ dataDir }), /in use by process/);
    await first.destroy();
    const second = await openDatabase({ dataDir });
    assert.equal(await ledgerCursor(second), 42);
    await second.destroy();
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("openDatabase() refuses a URL of another kind without showing it", async () => {
  await assert.rejects(openDatabase({ url: "mysql://samay:secret@db/samay" }), (error: Error) => {
    assert.match(error.message, /DATABASE_URL is not of the form/);
    assert.doesNotMatch(error.message, /secret/);
    return true;
  });
  await assert.rejects(openDatabase({}), /give DATABASE_URL/);
});

Deno.test({
  name: "a PostgreSQL server",
  ignore: postgresBinaries() === undefined,
  fn: async (t) => {
    await using server = await startPostgres();

    await t.step(
      "migrate() runs once when processes start together, and then not again",
      async () => {
        const databases = await Promise.all([1, 2, 3].map(() => openDatabase({ url: server.url })));
        const ran = await Promise.all(databases.map(migrate));
        const all = Object.keys(migrations).length;
        assert.deepEqual(ran.map((names) => names.length).sort(), [0, 0, all]);
        assert.deepEqual(await migrate(databases[0]!), []);
        for (const db of databases) await db.destroy();
      },
    );

    await t.step("keeps instants to the millisecond whatever its time zone", async () => {
      const db = await openDatabase({ url: server.url });
      const at = new Date("2026-03-31T18:30:00.007Z");
      const { rows } = await db.connection().execute(async (one) => {
        await sql`set time zone 'Asia/Kolkata'`.execute(one);
        return await sql<{ at: Date; day: string }>`
          select ${at}::timestamptz as at, ${at}::timestamptz::date as day`.execute(one);
      });
      assert.equal(rows[0]!.at.getTime(), at.getTime());
      assert.equal(rows[0]!.day, "2026-04-01");
      await db.destroy();
    });

    await t.step("a server that dies within a transaction fails it, and nothing else", async () => {
      // In a process of its own: what nobody catches ends a process, and passes by in a test.
      const script = new URL("loss_process.ts", import.meta.url).pathname;
      const child = new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--no-check", script, server.url],
        ...{ stdin: "null", stdout: "piped", stderr: "piped" },
      }).spawn();
      const error = new Response(child.stderr).text();
      let said = "";
      for await (const part of child.stdout.pipeThrough(new TextDecoderStream())) {
        said += part;
        if (said === "lent\n") await server.kill();
      }
      const { code } = await child.status;
      await server.restart();
      assert.deepEqual([said, code], ["lent\nfailed\n", 0], await error);
    });

    await t.step("runLedger() goes on by itself after it was away, and says so once", async () => {
      const db = await openDatabase({ url: server.url });
      const said: string[] = [];
      const say = (message: string) => void said.push(message);
      let last = 1;
      const event = { v: 1, type: "epoch", partition: 1, epoch: 1, owner: "m", cursor: 0 };
      const record = { ...event, events: [] };
      const ledger = runLedger({
        store: ledgerIn(db),
        feed: {
          read: (after) => Promise.resolve(after < last ? [{ sequence: last, record }] : []),
        },
        log: { ...silentLog, warn: say, info: say },
        deadLetter: () => Promise.reject(new Error("nothing is dead here")),
      });
      try {
        await eventually(async () => assert.equal(await ledgerCursor(db), 1));
        await server.kill();
        last = 2;
        await new Promise((resolve) => setTimeout(resolve, 700));
        await server.restart();
        await eventually(async () => assert.equal(await ledgerCursor(db), 2));
      } finally {
        await ledger.stop();
        await db.destroy();
      }
      assert.deepEqual(said, ["ledger waits and tries again", "ledger goes on"]);
    });
  },
});
