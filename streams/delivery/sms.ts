/**
 * SMS through Twilio's own client. The only file that knows it.
 *
 * The client always speaks to `api.twilio.com`. Where a configuration names another base URL, the
 * requests are sent there instead, by an HTTP client of ours under Twilio's: everything above it is
 * what production runs.
 */
import twilio from "twilio";
import { AddressError, NoAnswerError, TooFastError } from "../../actors/notification/failures.ts";
import { refusesNumber } from "../../actors/notification/provider_word.ts";
import { RetryableError, TerminalError } from "../../protocol/errors.ts";

export interface SmsConfiguration {
  readonly account_sid: string;
  readonly auth_token: string;
  /** A number in E.164 or a sender id; or a messaging service that picks one. */
  readonly sender:
    | { readonly from: string }
    | { readonly messaging_service_sid: string };
  /** In place of `https://api.twilio.com`. */
  readonly base_url?: string;
  readonly timeout_ms?: number;
  /** After no answer, the least wait before the text is looked up: Twilio must have listed it. */
  readonly look_after_ms?: number;
}

/** What one text may differ in. */
export interface TextOptions {
  /** The sender id in place of the configured number. */
  readonly from?: string | null;
  /** Where Twilio reports what becomes of the text. */
  readonly status_callback?: string | null;
}

export interface Texter {
  /** Returns Twilio's message SID. Throws `RetryableError` or `TerminalError`. */
  send(to: string, body: string, options?: TextOptions): Promise<string>;
  /**
   * The SID of a text to `to` that Twilio took at or after `since_ms`, that is on its way or there,
   * and that `isOurs` by its body; if there is one.
   */
  find(
    to: string,
    isOurs: (body: string) => boolean,
    since_ms: number,
  ): Promise<string | undefined>;
  /** What Twilio says of the text `sid` now: its `status` and error code. */
  statusOf(sid: string): Promise<{ readonly status: string; readonly code: number | undefined }>;
}

const TIMEOUT_MS = 20_000;
const LOOK_AFTER_MS = 30_000;
/** Twilio's clock and ours. */
const CLOCKS_APART_MS = 300_000;
/** No connection was made, so nothing left. */
const NOT_CONNECTED = new Set(["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH"]);
/** What Twilio lists of a text that will not arrive. */
const NOT_ARRIVING = ["failed", "undelivered", "canceled"];
/** Texts to one telephone that are looked through. */
const FOUND_MAX = 50;
const AUTHENTICATION_AFTER_MS = 60_000;
const DAY_MS = 86_400_000;

type Base = InstanceType<typeof twilio.RequestClient>;
type RequestOptions = Parameters<Base["request"]>[0];
type Answer = Awaited<ReturnType<Base["request"]>>;

/**
 * Sends requests to the configured host, with a time limit, and sorts what goes wrong. A connection
 * for each: over one that was used before, the runtime posts a second time by itself when no answer
 * comes, and the customer would have the text twice.
 */
class SortingClient extends twilio.RequestClient {
  readonly #base: URL | undefined;
  readonly #look_after_ms: number;

  constructor(base: URL | undefined, timeout_ms: number, look_after_ms: number) {
    super({ timeout: timeout_ms, keepAlive: false });
    this.#base = base;
    this.#look_after_ms = look_after_ms;
  }

  override async request<T>(options: RequestOptions): Promise<Answer & { body: T }> {
    const uri = new URL(options.uri);
    if (this.#base !== undefined) {
      uri.protocol = this.#base.protocol;
      uri.host = this.#base.host;
    }
    const answer = await this.#ask({ ...options, uri: uri.href });
    const { headers } = answer as { headers?: Record<string, unknown> };
    if (answer.statusCode >= 400) {
      throw sortTwilioAnswer(
        answer.statusCode,
        answer.body,
        headers?.["retry-after"],
        this.#look_after_ms,
      );
    }
    return answer as Answer & { body: T };
  }

  async #ask(options: RequestOptions): Promise<Answer> {
    try {
      return await super.request(options);
    } catch (error) {
      const { message, code } = error as Error & { code?: string };
      const words = `Twilio: no answer (${message})`;
      if (NOT_CONNECTED.has(code ?? "")) {
        throw new RetryableError(words, undefined, { cause: error });
      }
      throw new NoAnswerError(words, this.#look_after_ms, { cause: error });
    }
  }
}

/** Milliseconds of a Retry-After header: seconds (RFC 9110 section 10.2.3; Twilio sends no dates). */
function retryAfter_ms(header: unknown): number | undefined {
  const seconds = Number(header);
  return header === undefined || !(seconds >= 0) ? undefined : Math.min(seconds, 3600) * 1000;
}

/** The failure that Twilio's answer stands for, with its status and Twilio's own code. */
export function sortTwilioAnswer(
  status: number,
  body: unknown,
  retryAfter?: unknown,
  look_after_ms = LOOK_AFTER_MS,
): RetryableError | TerminalError {
  const { code, message } = answerOf(body);
  const words = `Twilio: ${message ?? "no reason given"} (HTTP ${status}${
    code === undefined ? "" : `, code ${code}`
  })`.slice(0, 300);
  // A refused token is our fault and no text's: wait for somebody to mend it.
  if (status === 401) {
    return new RetryableError(`${words}. Check TWILIO_AUTH_TOKEN`, AUTHENTICATION_AFTER_MS);
  }
  if (status === 429) return new TooFastError(words, retryAfter_ms(retryAfter));
  // Something broke on their side, before or after they took the text.
  if (status >= 500) {
    return new NoAnswerError(words, Math.max(retryAfter_ms(retryAfter) ?? 0, look_after_ms));
  }
  return refusesNumber(code) ? new AddressError(words) : new TerminalError(words);
}

function answerOf(body: unknown): { code?: number; message?: string } {
  let answer = body;
  if (typeof body === "string") {
    try {
      answer = JSON.parse(body);
    } catch {
      return { message: body.slice(0, 100) }; // A proxy's page instead of Twilio's JSON.
    }
  }
  return typeof answer === "object" && answer !== null ? answer : {};
}

/** A texter through Twilio's client; nothing is sent before the first text. */
export function createTexter(configuration: SmsConfiguration): Texter {
  const { account_sid, auth_token, base_url, sender } = configuration;
  const base = base_url === undefined ? undefined : new URL(base_url);
  const client = new twilio.Twilio(account_sid, auth_token, {
    httpClient: new SortingClient(
      base,
      configuration.timeout_ms ?? TIMEOUT_MS,
      configuration.look_after_ms ?? LOOK_AFTER_MS,
    ),
  });
  const given = "from" in sender
    ? { from: sender.from }
    : { messagingServiceSid: sender.messaging_service_sid };
  return {
    async send(to, body, { from, status_callback } = {}) {
      const made = await client.messages.create({
        to,
        body,
        ...given,
        ...(from && { from }),
        ...(status_callback && { statusCallback: status_callback }),
      });
      return made.sid;
    },
    async find(to, isOurs, since_ms) {
      const ours = (text: { body: string; status: string; dateCreated: Date | null }) =>
        isOurs(text.body) && !NOT_ARRIVING.includes(text.status) &&
        (text.dateCreated?.getTime() ?? Infinity) >= since_ms - CLOCKS_APART_MS;
      // By day of sending (UTC); then without, for a text that Twilio has taken and not sent yet.
      const day = new Date(Math.floor((since_ms - CLOCKS_APART_MS) / DAY_MS) * DAY_MS);
      for (const filter of [{ dateSentAfter: day }, {}]) {
        const texts = await looked(client.messages.list({ to, ...filter, limit: FOUND_MAX }));
        const found = texts.find(ours);
        if (found !== undefined) return found.sid;
      }
      return undefined;
    },
    async statusOf(sid) {
      const { status, errorCode } = await looked(client.messages(sid).fetch());
      return { status, code: errorCode ?? undefined };
    },
  };
}

/** A look-up without an answer sent nothing: it is not in doubt, only to be done again. */
async function looked<T>(look: Promise<T>): Promise<T> {
  try {
    return await look;
  } catch (error) {
    if (!(error instanceof NoAnswerError)) throw error;
    throw new RetryableError(`Looking the text up: ${error.message}`, error.after_ms);
  }
}

/** Whether `signature` is Twilio's over a form posted to `url` (with its query), under our token. */
export function isFromTwilio(
  auth_token: string,
  signature: string,
  url: string,
  form: Readonly<Record<string, string | string[]>>,
): boolean {
  return twilio.validateRequest(auth_token, signature, url, form);
}
