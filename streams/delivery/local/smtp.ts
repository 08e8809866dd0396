/**
 * A real SMTP server on this machine, for the demo and for tests: it takes every message, keeps it,
 * and answers with a failure when it is told to. Nothing leaves the machine.
 */
import type { AddressInfo } from "node:net";
// @ts-types="@types/mailparser"
import { type ParsedMail, simpleParser } from "mailparser";
// @ts-types="@types/smtp-server"
import { SMTPServer } from "smtp-server";
import { concat } from "../../../protocol/bytes.ts";

export type { ParsedMail };

/**
 * How to answer the next message: with this code and text (after a while, where it says so), by
 * dropping the connection, or by taking the message and dropping the connection before the answer.
 */
export type SmtpFault =
  | { readonly code: number; readonly text: string; readonly after_ms?: number }
  | "drop"
  | "lost";

export interface ReceivedMail {
  readonly from: string;
  readonly to: readonly string[];
  /** The message as it came over the wire (RFC 5322). */
  readonly raw: Uint8Array;
}

export interface LocalSmtp {
  /** `smtp://127.0.0.1:port` */
  readonly url: string;
  readonly received: readonly ReceivedMail[];
  /** Messages offered, failed ones too. */
  readonly offered: number;
  /** Faults for the next messages, one each, in this order. */
  failNext(...faults: SmtpFault[]): void;
  /** Refuses a mailbox at RCPT, from now on, or takes it again. */
  refuse(address: string, fault: { readonly code: number; readonly text: string } | null): void;
  parse(mail: ReceivedMail): Promise<ParsedMail>;
  stop(): Promise<void>;
}

export interface LocalSmtpOptions {
  /** Receives each message that was taken, for example to write it into a file. */
  readonly onMail?: (mail: ReceivedMail) => void;
  /** Most messages kept: the oldest go first. */
  readonly kept_max?: number;
}

const KEPT_MAX = 10_000;
const MESSAGE_BYTES_MAX = 5_000_000;

/** Starts the server on 127.0.0.1 and a free port. */
export async function startLocalSmtp(options: LocalSmtpOptions = {}): Promise<LocalSmtp> {
  const received: ReceivedMail[] = [];
  const faults: SmtpFault[] = [];
  const refused = new Map<string, { readonly code: number; readonly text: string }>();
  let offered = 0;
  const server = new SMTPServer({
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    size: MESSAGE_BYTES_MAX,
    closeTimeout: 1_000,
    onRcptTo({ address }, _session, callback) {
      const fault = refused.get(address);
      callback(fault === undefined ? null : smtpError(fault));
    },
    onData(stream, session, callback) {
      const chunks: Uint8Array[] = [];
      stream.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      stream.on("end", () => {
        offered++;
        const fault = faults.shift();
        if (fault === "drop") return void connectionOf(server, session.id)?.destroy();
        if (fault !== undefined && fault !== "lost") {
          return void setTimeout(() => callback(smtpError(fault)), fault.after_ms ?? 0);
        }
        const mail: ReceivedMail = {
          from: session.envelope.mailFrom === false ? "" : session.envelope.mailFrom.address,
          to: session.envelope.rcptTo.map(({ address }) => address),
          raw: concat(...chunks),
        };
        received.push(mail);
        if (received.length > (options.kept_max ?? KEPT_MAX)) received.shift();
        options.onMail?.(mail);
        if (fault === "lost") return void connectionOf(server, session.id)?.destroy();
        callback();
      });
    },
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  // A client that drops its connection is part of the game.
  server.on("error", () => {});
  return {
    url: `smtp://127.0.0.1:${(server.server.address() as AddressInfo).port}`,
    received,
    get offered() {
      return offered;
    },
    failNext: (...more) => void faults.push(...more),
    refuse: (address, fault) =>
      void (fault === null ? refused.delete(address) : refused.set(address, fault)),
    parse: (mail) => simpleParser(new TextDecoder().decode(mail.raw)),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** The socket of a session: the server's own set of connections is the only way to it. */
function connectionOf(server: SMTPServer, id: string): { destroy(): void } | undefined {
  const { connections } = server as unknown as {
    connections: Set<{ id: string; _socket: { destroy(): void } }>;
  };
  for (const connection of connections) if (connection.id === id) return connection._socket;
  return undefined;
}

function smtpError(fault: { code: number; text: string }): Error {
  return Object.assign(new Error(fault.text), { responseCode: fault.code });
}
