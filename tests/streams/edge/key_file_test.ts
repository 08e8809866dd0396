import assert from "node:assert/strict";
import { takeKeyFile } from "../../../streams/edge/key_file.ts";
import { startSlave } from "../../../streams/edge/slave.ts";
import { openStore, type Store } from "../../../streams/edge/store.ts";
import { silentLog } from "../../../streams/terminal/log.ts";
import { configurationOf, inFolder, SLAVE_ID } from "./head_end.ts";
import { generationOf } from "./rekeys.ts";

const FILE = generationOf("M1", 1);

/** A key file and the store of the slave that it is for. */
async function withFile(body: (path: string, store: Store) => Promise<void>): Promise<void> {
  await inFolder(async (folder) => {
    const path = `${folder}/M1.json`;
    await Deno.writeTextFile(path, JSON.stringify(FILE));
    const store = await openStore(`${folder}/data`);
    await body(path, store);
    store.close();
  });
}
const isGone = (path: string) => assert.rejects(Deno.stat(path), Deno.errors.NotFound);

Deno.test("takeKeyFile() erases a file whose key was taken in before the process was killed", async () => {
  await withFile(async (path, store) => {
    store.keys.enrol(FILE);
    store.keys.advance((FILE.enrolment_day + 1) * 86_400 + 5_000); // The hours went on meanwhile.
    const state = store.keys.get("M1")!.keys.state();
    await takeKeyFile(path, SLAVE_ID, store.keys, silentLog);
    await isGone(path);
    assert.deepEqual(store.keys.get("M1")!.keys.state(), state);
  });
});

Deno.test("takeKeyFile() removes what is left of a file that was being erased", async () => {
  await withFile(async (path, store) => {
    store.keys.enrol(FILE);
    await Deno.writeFile(path, new Uint8Array(300));
    await takeKeyFile(path, SLAVE_ID, store.keys, silentLog);
    await isGone(path);
    await Deno.writeFile(path, new Uint8Array(0));
    await assert.rejects(takeKeyFile(path, SLAVE_ID, store.keys, silentLog), /not JSON/);
    assert.ok(await Deno.stat(path), "an empty file is a copy that failed");
  });
});

Deno.test("takeKeyFile() refuses another key of the generation that stands", async () => {
  await withFile(async (path, store) => {
    store.keys.enrol(FILE);
    const key = FILE.key.replace(/^../, (pair) => (pair === "00" ? "01" : "00"));
    await Deno.writeTextFile(path, JSON.stringify({ ...FILE, key }));
    await assert.rejects(
      takeKeyFile(path, SLAVE_ID, store.keys, silentLog),
      /generation 1 already/,
    );
    assert.ok(await Deno.stat(path));
  });
});

Deno.test("startSlave() whose key file is refused uses up no count of its starts", async () => {
  await inFolder(async (folder) => {
    const path = `${folder}/M1.json`;
    await Deno.writeTextFile(path, JSON.stringify({ ...FILE, slave_id: "north" }));
    const config = configurationOf({ data_dir: `${folder}/data`, key_files: [path] });
    const nowhere = new Promise<never>(() => {});
    for (let i = 0; i < 5; i++) await assert.rejects(startSlave(config, nowhere, silentLog));
    const store = await openStore(`${folder}/data`);
    assert.equal(store.boot, 1);
    store.close();
  });
});
