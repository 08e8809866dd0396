import assert from "node:assert/strict";
import { createExportFile } from "../../../streams/data/export_file.ts";

Deno.test("an export writes into a file of its own, and leaves none behind", () => {
  const folder = Deno.makeTempDirSync();
  const path = `${folder}/bills.csv`;
  const names = () => [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
  // Where a part is expected somebody else has put a link to a file that is not to be written.
  Deno.writeTextFileSync(`${folder}/other`, "theirs");
  Deno.symlinkSync(`${folder}/other`, `${path}.part`);
  {
    using broken = createExportFile(path);
    broken.write("half");
    const [part] = names().filter((name) => name !== "bills.csv.part" && name.endsWith(".part"));
    if (Deno.build.os !== "windows") {
      assert.equal(Deno.statSync(`${folder}/${part}`).mode! & 0o777, 0o600);
    }
  }
  assert.deepEqual(names(), ["bills.csv.part", "other"]);
  using whole = createExportFile(path);
  whole.write("whole");
  whole.finish();
  assert.deepEqual(names(), ["bills.csv", "bills.csv.part", "other"]);
  assert.equal(Deno.readTextFileSync(path), "whole");
  assert.equal(Deno.readTextFileSync(`${folder}/other`), "theirs");
  Deno.removeSync(folder, { recursive: true });
});
