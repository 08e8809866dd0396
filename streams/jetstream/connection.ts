/** The connection to NATS: gives the `Broker` that every role works with. */
import { RetryableError, TerminalError } from "../../protocol/errors.ts";
import { type Log, silentLog } from "../terminal/log.ts";
import { systemTimers, type Timers } from "../time/timers.ts";
import type { Broker, Stoppable } from "./broker.ts";
import { bucketOver } from "./bucket.ts";
import { LinkState } from "./link_state.ts";
import { startListening } from "./listening.ts";
import {
  connect as connectNats,
  type ConnectionOptions,
  createInbox,
  credsAuthenticator,
} from "./nats.ts";
import { type JetStreamManager, type NatsConnection } from "./nats.ts";
import { Publisher } from "./publisher.ts";
import { storedMessage, storedSince } from "./stored.ts";
import { startWork } from "./work.ts";

export interface BrokerOptions {
  /** `nats://127.0.0.1:4222`; several, separated by commas, for a cluster. */
  readonly url: string;
  /** Shown to operators: `nats server report connections`. */
  readonly name: string;
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  /** A NATS credentials file (JWT and seed). */
  readonly credsFile?: string | undefined;
  /** CA certificate that signs the broker's: turns TLS on. */
  readonly caFile?: string | undefined;
  /** Keep trying when the broker is not there yet (roles), or fail at once (commands). */
  readonly wait?: boolean;
  readonly log?: Log;
}

/** The broker plus what only this folder may use. */
export interface NatsBroker extends Broker {
  readonly connection: NatsConnection;
  /** What those who work over this connection wait by. */
  readonly timers: Timers;
  /** A fresh subject for replies, where this user may listen. */
  inbox(): string;
  /** Tells `listener` each time that the link is lost (false), and each time that it is back. */
  onLink(listener: (up: boolean) => void): Stoppable;
  manager(): Promise<JetStreamManager>;
}

/** Connects. Throws `TerminalError` that says what to do when the broker cannot be reached. */
export async function connect(options: BrokerOptions): Promise<NatsBroker> {
  const log = options.log ?? silentLog;
  const connection = await open(options);
  const link = new LinkState(connection, log);
  const inbox = () => createInbox(inboxPrefixOf(options));
  const publisher = new Publisher(connection, inbox());
  link.listen((up) => up || publisher.lose());
  // The client library asks for streams, consumers and buckets by this too.
  const request = connection.request.bind(connection);
  connection.request = (...question) => link.during(() => request(...question));
  const client = connection.jetstream();
  const url = withoutSecret(options.url);
  const manager = async () => {
    link.require();
    return await connection.jetstreamManager({ checkAPI: false }); // Each answer tells it anyway.
  };
  return {
    url,
    connection,
    timers: systemTimers,
    inbox,
    onLink: (listener) => link.listen(listener),
    serverVersion: connection.info?.version ?? "unknown",
    manager,
    publish: async (subject, payload, publishOptions) => {
      link.require();
      return await publisher.publish(subject, payload, publishOptions);
    },
    tell: (subject, payload) => {
      // At most once in any case; a connection that is being closed would throw.
      if (connection.isClosed() || connection.isDraining()) return;
      connection.publish(subject, payload);
    },
    request: async (subject, payload, timeout_ms) => {
      link.require();
      try {
        return (await connection.request(subject, payload, { timeout: timeout_ms })).data;
      } catch (error) {
        throw new RetryableError(
          `No answer on ${subject} from ${url}: ${(error as Error).message}`,
        );
      }
    },
    respond: (subject, queue, handler) =>
      startListening(connection, {
        ...{ subject, queue, log, concurrency: RESPONSES_MAX },
        handler: async (message) => {
          const reply = await handler(message.data, message.subject);
          if (reply !== undefined) message.respond(reply);
        },
      }),
    listen: (subject, handler) =>
      startListening(connection, {
        ...{ subject, log, concurrency: 1 },
        handler: (message) => handler(message.data, message.subject),
      }),
    work: (work, handler) =>
      Promise.resolve(
        startWork({ broker: { connection, inbox }, link, publisher, log, options: work, handler }),
      ),
    bucket: async (name) =>
      bucketOver(await client.views.kv(name, { bindOnly: true }), name, link, manager),
    stored: async (stream, sequence) => await storedMessage(await manager(), stream, sequence),
    storedSince: async (query) => await storedSince(connection, await manager(), query),
    close: async () => {
      publisher.stop();
      if (connection.isClosed()) return;
      if (link.up) await connection.drain().catch(() => connection.close());
      else await connection.close();
    },
  };
}

/** The address without user and password, for logs and errors. */
function withoutSecret(url: string): string {
  return url.replaceAll(/\/\/[^@/]*@/g, "//");
}

/** Each user has inboxes of its own, so that nobody listens to what is answered to another. */
function inboxPrefixOf({ user }: BrokerOptions): string {
  return user === undefined ? "_INBOX" : `_INBOX_${user}`;
}

/** The library's code for a wrong user or password. */
const REFUSED = "AUTHORIZATION_VIOLATION";

async function open(options: BrokerOptions): Promise<NatsConnection> {
  const auth: ConnectionOptions = options.credsFile
    ? { authenticator: credsAuthenticator(await Deno.readFile(options.credsFile)) }
    : options.user
    ? { user: options.user, pass: options.password ?? "" }
    : {};
  try {
    return await connectNats({
      servers: options.url.split(","),
      name: options.name,
      ...auth,
      inboxPrefix: inboxPrefixOf(options),
      ...(options.caFile && { tls: { caFile: options.caFile } }),
      maxReconnectAttempts: -1,
      reconnectTimeWait: 500,
      reconnectJitter: 250,
      waitOnFirstConnect: options.wait ?? false,
      timeout: 5_000,
      noAsyncTraces: true,
      // A password that is being changed refuses us for a while: that must not end the connection.
      ignoreAuthErrorAbort: true,
    });
  } catch (error) {
    const reason = (error as Error).message;
    if ((error as { code?: string }).code === REFUSED) {
      throw new TerminalError(
        `The NATS server at ${withoutSecret(options.url)} refuses user ${
          options.user ?? "(none)"
        }. Check SAMAY_NATS_USER and SAMAY_NATS_PASSWORD, or the credentials file.`,
      );
    }
    throw new TerminalError(
      `No NATS server at ${
        withoutSecret(options.url)
      } (${reason}). Start one with \`deno task start\`, or set SAMAY_NATS_URL.`,
    );
  }
}

/** Requests that one responder works on at the same time: a slow one must not hold up the next. */
const RESPONSES_MAX = 32;
