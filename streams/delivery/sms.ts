/**
 * SMS through Twilio's own client. The only file that knows it.
 *
 * The client always speaks to `api.twilio.com`. Where a configuration names another base URL, the
 * requests are sent there instead, by an HTTP client of ours under Twilio's: everything above it is
 * what production runs.
 */
import twilio from "twilio";
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
}

export interface Texter {
  /** Returns Twilio's message SID. Throws `RetryableError` or `TerminalError`. */
  send(to: string, body: string): Promise<string>;
  /** The SID of a text `body` to `to` that Twilio took at or after `since_ms`, if there is one. */
  find(to: string, body: string, since_ms: number): Promise<string | undefined>;
}

const TIMEOUT_MS = 20_000;
/** Texts to one telephone that are looked through. */
const FOUND_MAX = 50;
const AUTHENTICATION_AFTER_MS = 60_000;
const DAY_MS = 86_400_000;

type Base = InstanceType<typeof twilio.RequestClient>;
type RequestOptions = Parameters<Base["request"]>[0];
type Answer = Awaited<ReturnType<Base["request"]>>;

/** Sends requests to the configured host, with a time limit, and sorts what goes wrong. */
class SortingClient extends twilio.RequestClient {
  readonly #base: URL | undefined;

  constructor(base: URL | undefined, timeout_ms: number) {
    super({ timeout: timeout_ms });
    this.#base = base;
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
      throw sortTwilioAnswer(answer.statusCode, answer.body, headers?.["retry-after"]);
    }
    return answer as Answer & { body: T };
  }

  async #ask(options: RequestOptions): Promise<Answer> {
    try {
      return await super.request(options);
    } catch (error) {
      const words = `Twilio: no answer (${(error as Error).message})`;
      throw new RetryableError(words, undefined, { cause: error });
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
): RetryableError | TerminalError {
  const { code, message } = answerOf(body);
  const words = `Twilio: ${message ?? "no reason given"} (HTTP ${status}${
    code === undefined ? "" : `, code ${code}`
  })`.slice(0, 300);
  // A refused token is our fault and no text's: wait for somebody to mend it.
  if (status === 401) {
    return new RetryableError(`${words}. Check TWILIO_AUTH_TOKEN`, AUTHENTICATION_AFTER_MS);
  }
  if (status === 429 || status >= 500) {
    return new RetryableError(words, retryAfter_ms(retryAfter));
  }
  return new TerminalError(words);
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
  const base = configuration.base_url === undefined ? undefined : new URL(configuration.base_url);
  const client = new twilio.Twilio(configuration.account_sid, configuration.auth_token, {
    httpClient: new SortingClient(base, configuration.timeout_ms ?? TIMEOUT_MS),
  });
  const { sender } = configuration;
  const from = "from" in sender
    ? { from: sender.from }
    : { messagingServiceSid: sender.messaging_service_sid };
  return {
    async send(to, body) {
      return (await client.messages.create({ to, body, ...from })).sid;
    },
    async find(to, body, since_ms) {
      // Twilio filters by whole days of UTC; the text itself tells which one it is.
      const day = new Date(Math.floor(since_ms / DAY_MS) * DAY_MS);
      const found = await client.messages.list({ to, dateSentAfter: day, limit: FOUND_MAX });
      return found.find((text) => text.body === body && text.status !== "failed")?.sid;
    },
  };
}
