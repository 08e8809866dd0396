/** `samay meter rekey`: a meter seals with a new key from now on. */
import type { Rekeyed, RekeyInput } from "../../office/rekey.ts";
import { type Command, type ParsedArguments, UsageError } from "../command.ts";
import { givenId } from "../given_id.ts";
import { createKeyFile } from "../key_file_out.ts";

const WAIT_S_DEFAULT = 30;
const WAIT_S_MAX = 120;
/** What the question and the answer take on their own way. */
const WAY_MS = 5_000;

export const command: Command = {
  name: "meter rekey",
  summary: "Gives a meter its next key, over the air or in a file",
  positionals: { usage: "ID", min: 1, max: 1 },
  options: {
    "key-file": {
      type: "string",
      placeholder: "PATH",
      help: "Write the key for carrying by hand instead of sending it: after a theft",
    },
    "retire-old": {
      type: "boolean",
      help: "Refuse frames of older keys: when the new one is in use, or at once with --key-file",
    },
    "file-lost": {
      type: "boolean",
      help: "The key file that was made before is lost: refuse its key, and make another",
    },
    wait: {
      type: "string",
      placeholder: "SECONDS",
      help: `How long to wait for the first frame, up to ${WAIT_S_MAX} (default ${WAIT_S_DEFAULT})`,
    },
    json: { type: "boolean", help: "One JSON document, without the key" },
  },
  help: `Asks the running head-end. The new key goes to the slave wrapped under the present hour's
key; the slave switches at once, erases the old key, and is asked for a reading to show it. Frames of
the old key that are on their way still open. One key waits at a time: while the new one was not seen
in use, the same command again gives the same key. Repeat it when the slave was away.

Whoever has stolen the present key can open what is sent: after a theft use --key-file, add the file
to the slave's key_files, restart the slave. Its readings wait meanwhile if --retire-old is given.
A key has one way for good. A key file never holds what was sent: a key that was sent and waits is
given up, and refused from then on. What is in a key file is never sent, and nothing is sent under a
key that was retired: carry the file.

  samay meter rekey MH00000001
  samay meter rekey MH00000001 --key-file MH00000001.next.json --retire-old`,
  run,
};

async function run({ values, positionals }: ParsedArguments): Promise<number> {
  const meter_id = givenId("ID", positionals[0]!);
  const wait_s = waitOf(values.wait);
  const path = pathOf(values["key-file"]);
  // Before a key is made: one that cannot be written should not be.
  using file = path === undefined ? undefined : createKeyFile(path, "--key-file");
  const { askAsOperator } = await import("../../office/operator.ts");
  const input: RekeyInput = {
    ...{ meter_id, wait_s, key_file: path !== undefined },
    retire_old: values["retire-old"] === true,
    file_lost: values["file-lost"] === true,
  };
  const timeout_ms = wait_s * 1_000 + WAY_MS;
  const { key_file, ...rest } = await askAsOperator("meter-rekey", input, timeout_ms) as Rekeyed;
  if (key_file !== undefined) file?.write(key_file);
  const named = path === undefined ? {} : { key_file: path };
  console.log(
    values.json === true
      ? JSON.stringify({ meter_id, ...rest, ...named })
      : forPeople(meter_id, rest, path),
  );
  return 0;
}

function waitOf(value: unknown): number {
  if (value === undefined) return WAIT_S_DEFAULT;
  const wait_s = Number(value);
  if (wait_s > 0 && wait_s <= WAIT_S_MAX) return wait_s;
  throw new UsageError(`--wait is a number of seconds up to ${WAIT_S_MAX}, not "${value}"`);
}

function pathOf(value: unknown): string | undefined {
  if (value === "") throw new UsageError("--key-file is the path of a file to write");
  return value === undefined ? undefined : String(value);
}

function forPeople(
  meter_id: string,
  { generation, created, slave_id, retired }: Omit<Rekeyed, "key_file">,
  path: string | undefined,
): string {
  const old = retired.length === 0 ? "" : ` Retired: generation ${retired.join(", ")}.`;
  if (path === undefined) return `Meter ${meter_id} seals with key generation ${generation}.${old}`;
  return `Key generation ${generation} of meter ${meter_id} ` +
    `${created ? "is made" : "was made before and waits for its first frame"}.${old}\n` +
    `It is in ${path}: carry it to slave ${slave_id}, name it in its key_files, restart it, and ` +
    "keep no copy.";
}
