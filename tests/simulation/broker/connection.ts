/**
 * A process's connection to the world's broker, in the shape of the real one. What stands above it is
 * the production code: journal, ordered input, snapshots, shard ports, the ledger's feed.
 */
import { Buffer } from "node:buffer";
import type { NatsBroker } from "../../../streams/jetstream/connection.ts";
import type { Link } from "../link.ts";
import { bucketOver } from "./bucket.ts";
import type { WorldBroker } from "./broker.ts";
import type { Wire } from "./consumer.ts";

const NOT_FOUND = 404;
const NANOS_PER_MS = 1_000_000;

interface PullRequest {
  readonly batch: number;
  readonly expires: number;
  readonly idle_heartbeat: number;
}

/** The parts of the real connection that the head-end's loops use; anything else is not there. */
export function connectionOf(broker: WorldBroker, link: Link): NatsBroker {
  const inboxes = new Map<string, (error: null, message: Wire) => void>();
  let inboxCount = 0;
  const manager = managerOf(broker, link);
  const nats = {
    subscribe: (
      inbox: string,
      { callback }: { callback: (error: null, message: Wire) => void },
    ) => {
      inboxes.set(inbox, callback);
      return { getSubject: () => inbox, unsubscribe: () => void inboxes.delete(inbox) };
    },
    publish: (subject: string, payload: string, { reply }: { reply: string }) => {
      const request: PullRequest = JSON.parse(payload);
      const [stream, consumer] = subject.split(".").slice(-2) as [string, string];
      const send = (message: Wire) =>
        link.toClient(() => inboxes.get(reply)?.(null, message), true);
      link.toServer(() =>
        broker.pull(stream, consumer, {
          left: request.batch,
          ends_ms: link.process.now_ms() + request.expires / NANOS_PER_MS,
          heartbeat_ms: request.idle_heartbeat / NANOS_PER_MS,
          send,
        })
      );
    },
  };
  const parts = {
    url: "world",
    serverVersion: "world",
    timers: link.process,
    connection: nats,
    inbox: () => `_INBOX.${link.process.name}.${++inboxCount}`,
    onLink: (listener: (up: boolean) => void) => {
      const unlisten = link.listen(listener);
      return { stop: () => Promise.resolve(unlisten()) };
    },
    manager: () => {
      link.require();
      return Promise.resolve(manager);
    },
    publish: (subject: string, payload: Uint8Array, options = {}) =>
      link.call(() => broker.publish(subject, payload, options)),
    tell: (subject: string, payload: Uint8Array) =>
      link.toServer(() => broker.tell(subject, payload)),
    listen: (subject: string, hear: (payload: Uint8Array, subject: string) => void) => {
      const ear = { subject, link, hear };
      broker.ears.add(ear);
      return { stop: () => Promise.resolve(void broker.ears.delete(ear)) };
    },
    bucket: (name: string) => Promise.resolve(bucketOver(broker.buckets.bucket(name), link)),
  };
  return parts as unknown as NatsBroker;
}

interface ConsumerRequest {
  readonly name: string;
  readonly filter_subject: string;
  readonly opt_start_seq: number;
}

function managerOf(broker: WorldBroker, link: Link) {
  return {
    consumers: {
      add: (stream: string, { name, filter_subject, opt_start_seq }: ConsumerRequest) =>
        link.call(() => broker.addConsumer(stream, name, filter_subject, opt_start_seq)),
      delete: (stream: string, name: string) =>
        link.call(() => broker.deleteConsumer(stream, name)),
    },
    streams: {
      getMessage: (name: string, { last_by_subj, seq }: { last_by_subj?: string; seq?: number }) =>
        link.call(() => {
          const stream = broker.stream(name);
          const found = seq === undefined ? stream.lastOf(last_by_subj!) : stream.at(seq);
          if (found === undefined) {
            throw Object.assign(new Error("no message found"), { api_error: { code: NOT_FOUND } });
          }
          const { sequence, subject, payload, messageId, stored_ms } = found;
          const header = { get: () => messageId };
          return { seq: sequence, subject, data: payload, time: new Date(stored_ms), header };
        }),
      purge: (name: string, { filter, seq }: { filter?: string; seq: number }) =>
        link.call(() => broker.stream(name).purge(filter, seq)),
      info: (name: string) => link.call(() => ({ state: broker.stream(name).state })),
    },
  };
}

/** JSON of a message's payload. */
export function jsonOf(payload: Uint8Array): unknown {
  return JSON.parse(Buffer.from(payload.buffer, payload.byteOffset, payload.length).toString());
}
