/**
 * The HTTP endpoint to which Twilio reports what became of each text. Off unless configured.
 *
 * Everything that comes in is taken for hostile until its signature is checked: the method, the path,
 * the size, the time and the rate are limited first. A report may come twice, late and in any order.
 * Twilio signs the address that it was given, so that is the configured public one, whatever stands
 * between Twilio and this machine.
 */
import { twilioWord } from "../../actors/notification/provider_word.ts";
import { TerminalError } from "../../protocol/errors.ts";
import { z } from "../../protocol/schema.ts";
import type { Kysely } from "../database/kysely.ts";
import type { Database } from "../database/schema.ts";
import type { Stoppable } from "../jetstream/broker.ts";
import type { Log } from "../terminal/log.ts";
import { applyReport, type ProviderReport } from "./provider_report.ts";
import { isFromTwilio } from "./sms.ts";

export interface CallbackOptions {
  readonly db: Kysely<Database>;
  readonly log: Log;
  readonly hostname: string;
  /** 0: any that is free. */
  readonly port: number;
  /** As Twilio calls it: `https://bills.example.org/twilio/status`. */
  readonly public_url: string;
  readonly account_sid: string;
  readonly auth_token: string;
  readonly requests_per_s?: number;
  readonly in_hand_max?: number;
  readonly body_within_ms?: number;
  readonly now_ms?: () => number;
}

export interface Callbacks extends Stoppable {
  readonly port: number;
}

/** Twilio's form has some twenty short fields. */
const BODY_BYTES_MAX = 16_384;
const BODY_WITHIN_MS = 5_000;
const REQUESTS_PER_S = 500;
/** Requests that are worked on at once: each may hold a connection of the database. */
const IN_HAND_MAX = 32;
/** Refusals are told once a minute, with their number. */
const SAY_EVERY_MS = 60_000;

const report = z.object({
  AccountSid: z.string(),
  MessageSid: z.string().regex(/^(?:SM|MM)[0-9a-fA-F]{32}$/),
  MessageStatus: z.string().max(32),
  ErrorCode: z.string().regex(/^\d{1,6}$/).optional(),
});
const query = z.object({
  notice: z.string().regex(/^[1-9]\d{0,15}$/).transform(Number),
  drive: z.string().regex(/^\d{1,6}$/).transform(Number),
});

/** The address that Twilio is given for one notification. */
export function callbackUrlOf(public_url: string, notification_id: number, drive: number): string {
  const url = new URL(public_url);
  url.searchParams.set("notice", String(notification_id));
  url.searchParams.set("drive", String(drive));
  return url.href;
}

/** Why a request is not taken, as it is answered and counted. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Listens until stopped; `stop()` waits for what is in hand. */
export function startCallbacks(options: CallbackOptions): Callbacks {
  const gate = new Gate(options);
  const server = Deno.serve(
    { hostname: options.hostname, port: options.port, onListen() {} },
    (request) => gate.answer(request),
  );
  const { port } = server.addr;
  options.log.info("status reports are taken", { host: options.hostname, port });
  return { port, stop: () => server.shutdown() };
}

class Gate {
  readonly #options: CallbackOptions;
  readonly #path: string;
  readonly #now_ms: () => number;
  #inHand = 0;
  #refused = 0;
  #said_ms = -Infinity;
  /** Requests that came in the second `#second`. */
  #second = 0;
  #came = 0;

  constructor(options: CallbackOptions) {
    this.#options = options;
    this.#path = new URL(options.public_url).pathname;
    this.#now_ms = options.now_ms ?? Date.now;
  }

  async answer(request: Request): Promise<Response> {
    this.#inHand++;
    try {
      await this.#take(request);
      return new Response(null, { status: 204 });
    } catch (error) {
      if (error instanceof Refusal) return this.#refuse(error);
      // No fault of the caller's: it may come again.
      const reason = (error as Error).message;
      this.#options.log.error("a status report could not be written", { reason });
      return new Response("try again\n", { status: 503, headers: { "retry-after": "5" } });
    } finally {
      this.#inHand--;
    }
  }

  async #take(request: Request): Promise<void> {
    this.#limit();
    const url = new URL(request.url);
    if (url.pathname !== this.#path) throw new Refusal(404, "nothing here");
    if (request.method !== "POST") throw new Refusal(405, "POST only");
    const type = request.headers.get("content-type") ?? "";
    if (!type.startsWith("application/x-www-form-urlencoded")) throw new Refusal(415, "no form");
    const form = formOf(await bodyOf(request, this.#options.body_within_ms ?? BODY_WITHIN_MS));
    this.#authenticate(request, url, form);
    const given = reportOf(form, url.searchParams, this.#options.account_sid);
    if (given === undefined) return; // It says nothing of a message of ours.
    try {
      await applyReport(this.#options.db, this.#options.log, given, this.#now_ms());
    } catch (error) {
      if (error instanceof TerminalError) throw new Refusal(404, error.message);
      throw error;
    }
  }

  #limit(): void {
    if (this.#inHand > (this.#options.in_hand_max ?? IN_HAND_MAX)) throw new Refusal(503, "busy");
    const second = Math.floor(this.#now_ms() / 1_000);
    if (second !== this.#second) this.#came = 0;
    this.#second = second;
    if (++this.#came > (this.#options.requests_per_s ?? REQUESTS_PER_S)) {
      throw new Refusal(429, "too many requests");
    }
  }

  #authenticate(request: Request, url: URL, form: Record<string, string | string[]>): void {
    const { auth_token, public_url } = this.#options;
    const signature = request.headers.get("x-twilio-signature") ?? "";
    const called = `${new URL(public_url).origin}${url.pathname}${url.search}`;
    if (!isFromTwilio(auth_token, signature, called, form)) {
      throw new Refusal(403, "signature does not match");
    }
  }

  #refuse({ status, message }: Refusal): Response {
    this.#refused++;
    if (this.#now_ms() - this.#said_ms >= SAY_EVERY_MS) {
      const { log } = this.#options;
      log.warn("status reports refused", { refused: this.#refused, last: message, status });
      this.#refused = 0;
      this.#said_ms = this.#now_ms();
    }
    const headers = status === 429 || status === 503 ? { "retry-after": "1" } : undefined;
    return new Response(`${message}\n`, { status, ...(headers && { headers }) });
  }
}

/** At most 16 KiB: no more is read of what says more, or takes longer than `within_ms`. */
async function bodyOf(request: Request, within_ms: number): Promise<string> {
  if (Number(request.headers.get("content-length") ?? 0) > BODY_BYTES_MAX) {
    throw new Refusal(413, "too large");
  }
  const reader = request.body?.getReader();
  if (reader === undefined) return "";
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Refusal(408, "too slow")), within_ms);
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late.promise]);
      if (done) return text + decoder.decode();
      bytes += value.length;
      if (bytes > BODY_BYTES_MAX) throw new Refusal(413, "too large");
      text += decoder.decode(value, { stream: true });
    }
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => {}); // The caller is gone, or is told why.
  }
}

/** The form as Twilio's validator takes it: a name that comes twice has a list. */
function formOf(text: string): Record<string, string | string[]> {
  const fields = new URLSearchParams(text);
  const form: Record<string, string | string[]> = Object.create(null);
  for (const name of new Set(fields.keys())) {
    const all = fields.getAll(name);
    form[name] = all.length === 1 ? all[0]! : all;
  }
  return form;
}

function reportOf(
  form: Record<string, string | string[]>,
  params: URLSearchParams,
  account_sid: string,
): ProviderReport | undefined {
  const about = query.safeParse(Object.fromEntries(params));
  const given = report.safeParse({ ...form });
  if (!about.success || !given.success) throw new Refusal(400, "not a report on a text of ours");
  const { AccountSid, MessageSid, MessageStatus, ErrorCode } = given.data;
  if (AccountSid !== account_sid) throw new Refusal(400, "another account's report");
  const code = ErrorCode === undefined ? undefined : Number(ErrorCode);
  const word = twilioWord(MessageStatus, code);
  if (word === undefined) return undefined;
  return {
    notification_id: about.data.notice,
    drive: about.data.drive,
    provider_id: MessageSid,
    word,
    reason: `Twilio: ${MessageStatus}${code === undefined ? "" : `, code ${code}`}`,
  };
}
