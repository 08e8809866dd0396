/**
 * Every stream, consumer and bucket of the head-end, declared once. `applyTopology()` makes the
 * broker agree; running it again changes nothing.
 */
import { METERS_BUCKET, partitionToken } from "../../protocol/subjects.ts";
import { RetryableError, TerminalError } from "../../protocol/errors.ts";
import { pass } from "../time/timers.ts";
import type { NatsBroker } from "./connection.ts";
import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamManager,
  nanos,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "./nats.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

interface StreamDeclaration {
  readonly name: string;
  readonly description: string;
  readonly subject: string;
  readonly keep_ms: number;
  readonly message_bytes_max: number;
  /** A second message with the same id inside this time is dropped. */
  readonly duplicate_window_ms: number;
  readonly retention?: RetentionPolicy;
}

/** 0 keeps without limit of age: JOURNAL is trimmed behind snapshot and ledger, NOTICES when done. */
const FOR_EVER = 0;

export const STREAMS: readonly StreamDeclaration[] = [
  {
    name: "FRAMES",
    description: "Sealed TVES/2 frames as the slaves sent them, by partition and meter",
    subject: "samay.frame.*.*",
    keep_ms: 35 * DAY_MS,
    message_bytes_max: 8_192,
    duplicate_window_ms: 2 * MINUTE_MS,
  },
  {
    name: "SESSIONS",
    description: "Hello, heartbeat and clock reports of the slaves",
    subject: "samay.session.*.*",
    keep_ms: 7 * DAY_MS,
    message_bytes_max: 16_384,
    duplicate_window_ms: 2 * MINUTE_MS,
  },
  {
    name: "COMMANDS",
    description: "What the head-end asks of the slaves: read now, schedule, re-key",
    subject: "samay.command.*",
    keep_ms: 7 * DAY_MS,
    message_bytes_max: 16_384,
    duplicate_window_ms: 60 * MINUTE_MS,
  },
  {
    name: "JOURNAL",
    description: "The truth: one fenced record a batch, with its input cursor",
    subject: "samay.journal.*.*",
    keep_ms: FOR_EVER,
    message_bytes_max: 1_048_576,
    duplicate_window_ms: 10 * MINUTE_MS,
  },
  {
    name: "EVENTS",
    description: "Rejected frames, alarms and tampering, with reasons",
    subject: "samay.event.*.*.*",
    keep_ms: 90 * DAY_MS,
    message_bytes_max: 65_536,
    duplicate_window_ms: 60 * MINUTE_MS,
  },
  {
    name: "BILLING",
    description: "Commands to billing cycles, by account",
    subject: "samay.billing.*.*",
    keep_ms: 365 * DAY_MS,
    message_bytes_max: 65_536,
    duplicate_window_ms: 2 * MINUTE_MS,
  },
  {
    name: "NOTICES",
    description: "Bills to send by e-mail and SMS: a work queue, empty when all are sent",
    subject: "samay.notice.*.*",
    keep_ms: FOR_EVER,
    message_bytes_max: 65_536,
    duplicate_window_ms: 60 * MINUTE_MS,
    retention: RetentionPolicy.Workqueue,
  },
  {
    name: "DEAD",
    description: "Messages that can never be handled: original bytes, the reason in the headers",
    subject: "samay.dead.*.*",
    keep_ms: 365 * DAY_MS,
    message_bytes_max: 1_048_576,
    duplicate_window_ms: 60 * MINUTE_MS,
  },
];

export const BUCKETS: readonly { name: string; description: string; history: number }[] = [
  {
    name: "samay_owners",
    description: "Which master owns which partition: leases, for liveness only",
    history: 1,
  },
  {
    name: "samay_snapshots",
    description: "State of the shards at a journal sequence: makes a restart short",
    history: 1,
  },
  {
    name: METERS_BUCKET,
    description: "Each meter as its actor sees it: clock, window, last reading, counters",
    history: 1,
  },
  {
    name: "samay_enrolments",
    description: "Enrolled meters with their wrapped keys",
    history: 5,
  },
];

const WORK_CONSUMERS: readonly { stream: string; name: string; filter: string; about: string }[] = [
  {
    stream: "BILLING",
    name: "billing",
    filter: "samay.billing.>",
    about: "Billing cycles: close, compute, issue",
  },
  {
    stream: "NOTICES",
    name: "delivery-email",
    filter: "samay.notice.email.*",
    about: "Sends bills by e-mail",
  },
  {
    stream: "NOTICES",
    name: "delivery-sms",
    filter: "samay.notice.sms.*",
    about: "Sends bills by SMS",
  },
];

export interface TopologyOptions {
  /**
   * Servers of a cluster on which each stream and bucket is kept. Not given: what stands is left as it
   * is, what is new is kept once.
   */
  readonly replicas?: number | undefined;
}

/** A cluster that has just started chooses its leaders first, and makes streams one after the other. */
const PATIENCE_MS = 60_000;
const RETRY_MS = 1_000;

/**
 * Makes the broker's streams, consumers and buckets as declared. Safe to run from many processes. Tries
 * on while the broker is busy or has no leader; throws `TerminalError` when that takes too long.
 */
export async function applyTopology(
  broker: NatsBroker,
  options: TopologyOptions = {},
): Promise<void> {
  const begin_ms = broker.timers.now_ms();
  for (;;) {
    try {
      return await applyOnce(broker, options);
    } catch (error) {
      if (!passes(error as Refusal)) throw error;
      if (broker.timers.now_ms() - begin_ms > PATIENCE_MS) {
        throw new TerminalError(
          `The broker does not make its streams: ${
            (error as Error).message
          }. Is JetStream on, and ` +
            "does the cluster have a leader? See: nats server report jetstream",
        );
      }
      await pass(broker.timers, RETRY_MS);
    }
  }
}

interface Refusal {
  readonly code?: string;
  readonly api_error?: { readonly code?: number };
}

/** No answer in time, no leader yet, or the link was lost: another try may go well. */
function passes(error: Refusal): boolean {
  const { code, api_error } = error;
  return error instanceof RetryableError || code === "TIMEOUT" || code === "503" ||
    api_error?.code === 503;
}

async function applyOnce(broker: NatsBroker, { replicas }: TopologyOptions): Promise<void> {
  const manager = await broker.manager();
  await Promise.all(STREAMS.map((stream) => applyStream(manager, stream, replicas)));
  await Promise.all(BUCKETS.map(async (bucket) => {
    await broker.connection.jetstream().views.kv(bucket.name, {
      description: bucket.description,
      history: bucket.history,
      storage: StorageType.File,
      allow_direct: false,
      ...(replicas !== undefined && { replicas }),
    });
    await keepOn(manager, `KV_${bucket.name}`, replicas);
  }));
  await Promise.all(WORK_CONSUMERS.map((work) =>
    applyConsumer(manager, work.stream, {
      durable_name: work.name,
      description: work.about,
      filter_subject: work.filter,
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(60_000),
      deliver_policy: DeliverPolicy.All,
      max_ack_pending: 1_000,
    })
  ));
}

/** The durable consumer of one slave on COMMANDS. Returns its name. */
export async function ensureSlaveConsumer(broker: NatsBroker, slaveId: string): Promise<string> {
  const name = `slave-${slaveId}`;
  await applyConsumer(await broker.manager(), "COMMANDS", {
    durable_name: name,
    description: `Commands for slave ${slaveId}`,
    filter_subject: `samay.command.${slaveId}`,
    ack_policy: AckPolicy.Explicit,
    ack_wait: nanos(60_000),
    deliver_policy: DeliverPolicy.All,
    max_ack_pending: 256,
  });
  return name;
}

/** Name of the consumer through which one epoch of one partition reads its input. */
export function inputConsumerName(kind: string, partition: number, epoch: number): string {
  return `${kind}-p${partitionToken(partition)}-e${epoch}`;
}

/** A bucket that stands already keeps the number that it was made with. */
/**
 * Buckets are read through their leader: any other server may answer with what stood before, and a
 * master that takes a partition over would take an old snapshot for the last one.
 */
async function keepOn(
  manager: JetStreamManager,
  stream: string,
  replicas: number | undefined,
): Promise<void> {
  const { config } = await manager.streams.info(stream);
  const num_replicas = replicas ?? config.num_replicas;
  if (config.num_replicas === num_replicas && !config.allow_direct) return;
  await manager.streams.update(stream, { num_replicas, allow_direct: false });
}

async function applyStream(
  manager: JetStreamManager,
  wanted: StreamDeclaration,
  replicas: number | undefined,
): Promise<void> {
  const config: Partial<StreamConfig> = {
    name: wanted.name,
    description: wanted.description,
    subjects: [wanted.subject],
    max_age: nanos(wanted.keep_ms),
    max_msg_size: wanted.message_bytes_max,
    duplicate_window: nanos(wanted.duplicate_window_ms),
    storage: StorageType.File,
    retention: wanted.retention ?? RetentionPolicy.Limits,
    discard: DiscardPolicy.Old,
    ...(replicas !== undefined && { num_replicas: replicas }),
  };
  if (await exists(() => manager.streams.info(wanted.name))) {
    await manager.streams.update(wanted.name, config);
  } else {
    await manager.streams.add(config as Partial<StreamConfig> & { name: string });
  }
}

async function applyConsumer(
  manager: JetStreamManager,
  stream: string,
  config: Partial<ConsumerConfig> & { durable_name: string },
): Promise<void> {
  if (await exists(() => manager.consumers.info(stream, config.durable_name))) {
    await manager.consumers.update(stream, config.durable_name, config);
  } else {
    await manager.consumers.add(stream, config);
  }
}

const NOT_FOUND = 404;

async function exists(look: () => Promise<unknown>): Promise<boolean> {
  try {
    await look();
    return true;
  } catch (error) {
    if ((error as { api_error?: { code?: number } }).api_error?.code === NOT_FOUND) return false;
    throw error;
  }
}
