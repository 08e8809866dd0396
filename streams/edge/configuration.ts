/** The slave's configuration file: which meters hang on which lines, how often, whose time. */
import { dirname, resolve } from "node:path";
import { TerminalError } from "../../protocol/errors.ts";
import { id } from "../../protocol/messages/common.ts";
import { parseJson, z } from "../../protocol/schema.ts";
import { parseTimeServer } from "../time/udp_client.ts";

/** What some meters and adapters need; the names are those of `samay meter read`. */
const quirks = z.strictObject({
  fixed_baud: z.boolean(),
  ignore_proposed_baud: z.boolean(),
  settle_ms: z.int().min(0).max(10_000),
  framing: z.enum(["7E1", "8N1"]),
  wake_up: z.boolean(),
  listen: z.boolean(),
  timeout_ms: z.int().min(1_000).max(600_000),
}).partial();

const meter = z.strictObject({
  meter_id: id,
  /** `/dev/ttyUSB0`, a pseudo-terminal, or `tcp://host:port`. */
  line: z.string().min(1).max(4_096),
  /** Device address, for meters that share a line. */
  address: z.string().regex(/^[0-9A-Za-z ]{0,32}$/, "up to 32 letters, digits and spaces")
    .optional(),
  baud: z.int().min(50).max(921_600).optional(),
  quirks: quirks.optional(),
});
export type MeterConfiguration = z.infer<typeof meter>;

const timeServer = z.string().refine(
  (text) => parseTimeServer(text) !== undefined,
  "HOST, HOST:PORT or [IPV6]:PORT",
);

const time = z.strictObject({
  /** Ask the masters over the broker. */
  broker: z.boolean().default(true),
  /** NTP servers over UDP; of three or more sources a majority must agree. */
  servers: z.array(timeServer).max(8).default([]),
  /** Pause between two questions to a source. */
  poll_s: z.number().min(0.05).max(1_024).default(64),
}).refine((given) => given.broker || given.servers.length > 0, "needs the broker or a server");

/** The shape of the file. Unknown names are faults: a typing error must not be a silent default. */
export const slaveConfiguration = z.strictObject({
  slave_id: id,
  /** Where the outbox and the keys are kept. */
  data_dir: z.string().min(1).max(4_096),
  meters: z.array(meter).min(1).max(1_000),
  /** Seconds between readings, aligned to the UTC epoch; the head-end may set another. */
  interval_s: z.int().min(1).max(31 * 86_400).default(900),
  /** Seconds over which slaves spread their readings, each by a share of its own. */
  spread_s: z.int().min(0).max(86_400).default(0),
  time: time.prefault({}),
  /** Tell `t mod 256` in each frame (HINT). Off is the blind mode: nothing of the time is sent. */
  hint: z.boolean().default(false),
  /** Key files to take in; each is deleted once its key is stored. */
  key_files: z.array(z.string().min(1).max(4_096)).max(1_000).default([]),
  outbox_limit: z.int().min(1).max(10_000_000).default(250_000),
  /** Lines that are read at the same time. */
  lines_at_once: z.int().min(1).max(256).default(32),
  /** Readings that wait for a confirmation at the same time. */
  in_flight: z.int().min(1).max(4_096).default(512),
  resend_first_s: z.number().min(0.1).max(3_600).default(5),
  resend_max_s: z.number().min(0.1).max(86_400).default(300),
  heartbeat_s: z.number().min(0.1).max(3_600).default(30),
}).superRefine((given, context) => {
  const places = { meter_id: new Map<string, number>(), line: new Map<string, number>() };
  given.meters.forEach((each, i) => {
    const onLine = `${each.line} address "${each.address ?? ""}"`;
    for (const [name, value] of [["meter_id", each.meter_id], ["line", onLine]] as const) {
      const first = places[name].get(value);
      if (first === undefined) places[name].set(value, i);
      else {
        const message = `the same as meters.${first} (${value})`;
        context.addIssue({ code: "custom", path: ["meters", i, name], message });
      }
    }
  });
});

/** As it is used: defaults filled in. */
export type SlaveConfiguration = z.output<typeof slaveConfiguration>;
/** As a person or a program writes it. */
export type SlaveConfigurationInput = z.input<typeof slaveConfiguration>;

/**
 * The configuration in the JSON file at `path`. Relative paths in it start from its folder. Throws
 * `TerminalError` with every fault, by name.
 */
export async function readSlaveConfiguration(path: string): Promise<SlaveConfiguration> {
  let text: string;
  try {
    text = await Deno.readTextFile(path);
  } catch (error) {
    throw new TerminalError(
      `The slave's configuration ${path} cannot be read: ${(error as Error).message}`,
    );
  }
  const given = parseJson(slaveConfiguration, text, `The slave's configuration ${path}`);
  const from = dirname(resolve(path));
  return {
    ...given,
    data_dir: resolve(from, given.data_dir),
    key_files: given.key_files.map((file) => resolve(from, file)),
  };
}
