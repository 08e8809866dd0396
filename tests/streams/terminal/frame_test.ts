import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { toHex } from "../../../protocol/bytes.ts";
import { encodePack } from "../../../protocol/senml.ts";
import { UsageError } from "../../../streams/terminal/command.ts";
import {
  describe,
  openAsAsked,
  openRequest,
} from "../../../streams/terminal/commands/frame_open.ts";
import { sealAsAsked, sealRequest } from "../../../streams/terminal/commands/frame_seal.ts";
import { readJsonInput } from "../../../streams/terminal/stdin.ts";
import { blindGcm, hintedChaCha, typedVectors, type Vector } from "../../protocol/tves/vectors.ts";

const root = new URL("../../../", import.meta.url);

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs `samay <words>` as a process of its own, with `input` on stdin. */
async function samay(words: readonly string[], input: string): Promise<Ran> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-env", "--allow-read", "main.ts", ...words],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

function openInput(vector: Vector, change: Record<string, unknown> = {}) {
  const { meterId, alias, generation, enrolmentDay, key, frame } = vector;
  return {
    meterId,
    alias,
    generation,
    enrolmentDay,
    key,
    frame,
    arrival: vector.t + 3.5,
    ...change,
  };
}

const open = (vector: Vector, change: Record<string, unknown> = {}) =>
  openAsAsked(openRequest.parse(openInput(vector, change)));

function inputOf(text: string, terminal = false) {
  const readable = new Blob([text]).stream();
  return { readable, isTerminal: () => terminal };
}

Deno.test("samay frame seal --json and frame open --json work as processes on stdin", async () => {
  const sealed = await samay(["frame", "seal", "--json"], JSON.stringify(blindGcm));
  deepStrictEqual([sealed.code, sealed.err], [0, ""]);
  deepStrictEqual(JSON.parse(sealed.out), { frame: blindGcm.frame });
  const good = await samay(["frame", "open", "--json"], JSON.stringify(openInput(blindGcm)));
  deepStrictEqual([good.code, good.err], [0, ""]);
  deepStrictEqual(JSON.parse(good.out), {
    opened: true,
    t: blindGcm.t,
    trials: 6,
    plaintext: blindGcm.plaintext,
    records: null,
  });
  const late = openInput(blindGcm, { arrival: blindGcm.t + 60 });
  const refused = await samay(["frame", "open", "--json"], JSON.stringify(late));
  deepStrictEqual([refused.code, refused.err], [1, ""]);
  deepStrictEqual(JSON.parse(refused.out), { opened: false, reason: "no_key_in_window" });
  const wrong = await samay(["frame", "open", "--json"], '{"key": 5, "window": -1}');
  deepStrictEqual([wrong.code, wrong.out], [2, ""]);
  strictEqual(wrong.err.trim().split("\n").length, 1);
  for (const field of ["meterId", "alias", "generation", "enrolmentDay", "arrival", "frame"]) {
    ok(wrong.err.includes(`${field}:`), `${field} in ${wrong.err}`);
  }
  match(wrong.err, /key:.*window:/);
});

Deno.test("frame seal gives the typed vectors byte for byte", () => {
  for (const vector of typedVectors) {
    deepStrictEqual(sealAsAsked(sealRequest.parse(vector)), { frame: vector.frame });
  }
});

Deno.test("frame open finds the second anywhere in the window, and by a hint at once", () => {
  for (const arrival of [blindGcm.t - 10, blindGcm.t, blindGcm.t + 10.9]) {
    strictEqual(open(blindGcm, { arrival }).opened, true);
  }
  const hinted = open(hintedChaCha, { arrival: hintedChaCha.t + 10 });
  strictEqual(hinted.opened && hinted.trials, 1);
  strictEqual(open(blindGcm, { window: 3 }).opened, true);
  strictEqual(open(blindGcm, { window: 2 }).opened, false);
});

Deno.test("frame open names the reason when a frame is refused", () => {
  const { frame } = blindGcm;
  const reasons: [Record<string, unknown>, string][] = [
    [{ frame: frame.slice(2) }, "wrong_length"],
    [{ frame: "" }, "wrong_length"],
    [{ frame: `31${frame.slice(2)}` }, "unknown_version"],
    [{ frame: `24${frame.slice(2)}` }, "unknown_suite"],
    [{ frame: `2108${frame.slice(4)}` }, "unknown_flags"],
    [{ alias: 1 }, "unknown_meter"],
    [{ generation: 3 }, "unknown_generation"],
    [{ arrival: blindGcm.t + 11 }, "no_key_in_window"],
    [{ enrolmentDay: 30_000 }, "no_key_in_window"],
    [{ meterId: "another" }, "no_key_in_window"],
    [{ frame: `${frame.slice(0, -2)}00` }, "tag_mismatch"],
  ];
  for (const [change, reason] of reasons) {
    const answer = open(blindGcm, change);
    deepStrictEqual(answer, { opened: false, reason });
    match(describe(answer, 0), new RegExp(`^not opened: ${reason} \\([a-z]`));
  }
});

Deno.test("frame open shows the records when the plaintext is a SenML pack", () => {
  const sealedAt_ms = blindGcm.t * 1_000 + 250;
  const register = { obis: "1-0:1.8.0", unit: "Wh", value: 42, read_at_ms: sealedAt_ms - 2_000 };
  const pack = encodePack({ meterId: blindGcm.meterId, sealedAt_ms, registers: [register] });
  const request = sealRequest.parse({ ...blindGcm, plaintext: toHex(pack) });
  const answer = open(blindGcm, sealAsAsked(request));
  ok(answer.opened);
  deepStrictEqual(answer.records, [
    { bn: "MH00113978:", bt: sealedAt_ms / 1_000, n: "1-0:1.8.0", u: "Wh", v: 42, t: -2 },
  ]);
  const text = describe(answer, blindGcm.t + 3.5);
  match(text, /1777352968 \(2026-04-28T05:09:28Z\)/);
  match(text, /3\.500 s after that second began/);
  match(text, /bn=MH00113978: .* v=42 t=-2/);
});

Deno.test("frame seal refuses a second before the enrolment, as wrong usage", async () => {
  const early = sealRequest.parse({ ...blindGcm, t: 5 });
  await rejects(async () => await sealAsAsked(early), UsageError);
});

Deno.test("frame seal names every fault of its input", async () => {
  const bad = {
    ...blindGcm,
    suite: 4,
    hint: "no",
    clockQuality: 4,
    sequence: 0,
    t: 1.5,
    key: "ab",
  };
  const reading = readJsonInput(sealRequest, "the frame to seal", inputOf(JSON.stringify(bad)));
  await rejects(reading, (error: Error) => {
    ok(error instanceof UsageError);
    for (const field of ["suite", "hint", "clockQuality", "sequence", "t", "key"]) {
      ok(error.message.includes(`${field}:`), `${field} in ${error.message}`);
    }
    return !error.message.includes("\n");
  });
});

Deno.test("readJsonInput() says what is wrong when stdin is empty, no JSON or without end", async () => {
  const read = (text: string) => readJsonInput(openRequest, "the frame", inputOf(text));
  await rejects(read("  \n"), /Nothing on stdin/);
  await rejects(read("{"), /the frame: not JSON/);
  await rejects(read("[".repeat(1_100_000)), /more than 1048576 bytes/);
});

Deno.test("readJsonInput() tells a person at a terminal what it waits for", async () => {
  const said: unknown[] = [];
  const original = console.error;
  console.error = (text: unknown) => said.push(text);
  try {
    const text = JSON.stringify(openInput(blindGcm));
    await readJsonInput(openRequest, "the frame to open", inputOf(text, true));
  } finally {
    console.error = original;
  }
  match(String(said[0]), /Type the frame to open as JSON, then Ctrl-D/);
});
