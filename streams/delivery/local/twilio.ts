/**
 * An HTTP endpoint on this machine that speaks Twilio's Messages resource, for the demo and for
 * tests. It checks every call against Twilio's own OpenAPI document where that is at hand, keeps the
 * texts, and answers with a failure when it is told to. Nothing leaves the machine.
 */
import { createHmac } from "node:crypto";
import { segmentsOf } from "../sms_text.ts";
import { type ApiDocument, readApiDocument } from "./openapi.ts";

/** How to answer the next text: an HTTP status, Twilio's code, and seconds for Retry-After. */
export interface TwilioFault {
  readonly status: number;
  readonly code: number;
  readonly message: string;
  readonly retry_after_s?: number;
  /** The text is taken all the same, but the caller learns nothing of it: the connection hangs. */
  readonly hang?: boolean;
  /** The text is taken all the same, and then the answer is this failure. */
  readonly taken?: boolean;
}

/** One report on a text, as Twilio posts it to the address that the text was sent with. */
export interface TwilioReport {
  readonly status: string;
  readonly code?: number;
}

export interface ReceivedText {
  readonly sid: string;
  readonly to: string;
  readonly from: string | null;
  readonly body: string;
  readonly segments: number;
  readonly at_ms: number;
  readonly status_callback: string | null;
}

export interface LocalTwilio {
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly account_sid: string;
  readonly auth_token: string;
  readonly received: readonly ReceivedText[];
  /** Every call, as `METHOD path`. */
  readonly calls: readonly string[];
  /** Faults of calls that Twilio's document does not allow. */
  readonly refused: readonly string[];
  /** Whether Twilio's own document does the checking. */
  readonly checksAgainstDocument: boolean;
  failNext(...faults: TwilioFault[]): void;
  /** Refuses every text to a number, from now on, or takes them again. */
  refuse(to: string, fault: TwilioFault | null): void;
  /**
   * Posts a signed report on a text to where it asked for it; returns the answer's status, undefined
   * where nobody asked or answered.
   */
  report(sid: string, report: TwilioReport): Promise<number | undefined>;
  stop(): Promise<void>;
}

export interface LocalTwilioOptions {
  /** Path of Twilio's OpenAPI document; absent or unreadable: the basic checks alone, and it says so. */
  readonly documentPath?: string;
  readonly account_sid?: string;
  readonly auth_token?: string;
  readonly kept_max?: number;
  readonly say?: (line: string) => void;
  /** What is reported on each text once it is taken, in this order. */
  readonly reports?: (text: ReceivedText) => readonly TwilioReport[];
}

const ACCOUNT_SID = `AC${"0".repeat(31)}1`;
const AUTH_TOKEN = "local-token";
const KEPT_MAX = 10_000;

interface Endpoint {
  readonly options: Required<Pick<LocalTwilioOptions, "account_sid" | "auth_token" | "kept_max">>;
  readonly document: ApiDocument | undefined;
  readonly received: ReceivedText[];
  readonly calls: string[];
  readonly refused: string[];
  readonly faults: TwilioFault[];
  readonly refusedNumbers: Map<string, TwilioFault>;
  readonly ending: AbortController;
  /** The last status of each text, by SID. */
  readonly statuses: Map<string, TwilioReport>;
  readonly reports: NonNullable<LocalTwilioOptions["reports"]>;
  readonly reporting: Set<Promise<void>>;
  count: number;
}

/** Starts the endpoint on 127.0.0.1 and a free port. */
export async function startLocalTwilio(options: LocalTwilioOptions = {}): Promise<LocalTwilio> {
  const endpoint: Endpoint = {
    options: {
      account_sid: options.account_sid ?? ACCOUNT_SID,
      auth_token: options.auth_token ?? AUTH_TOKEN,
      kept_max: options.kept_max ?? KEPT_MAX,
    },
    document: await readDocument(options),
    received: [],
    calls: [],
    refused: [],
    faults: [],
    refusedNumbers: new Map(),
    ending: new AbortController(),
    statuses: new Map(),
    reports: options.reports ?? (() => []),
    reporting: new Set(),
    count: 0,
  };
  const server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    (request) => answer(endpoint, request),
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    account_sid: endpoint.options.account_sid,
    auth_token: endpoint.options.auth_token,
    received: endpoint.received,
    calls: endpoint.calls,
    refused: endpoint.refused,
    checksAgainstDocument: endpoint.document !== undefined,
    failNext: (...more) => void endpoint.faults.push(...more),
    refuse: (to, fault) =>
      void (fault === null
        ? endpoint.refusedNumbers.delete(to)
        : endpoint.refusedNumbers.set(to, fault)),
    report: (sid, given) => {
      const text = endpoint.received.find((one) => one.sid === sid);
      return text === undefined ? Promise.resolve(undefined) : post(endpoint, text, given);
    },
    stop: async () => {
      endpoint.ending.abort();
      await Promise.all(endpoint.reporting);
      await server.shutdown();
    },
  };
}

async function readDocument(options: LocalTwilioOptions): Promise<ApiDocument | undefined> {
  if (options.documentPath === undefined) return undefined;
  let text: string;
  try {
    text = await Deno.readTextFile(options.documentPath);
  } catch (error) {
    options.say?.(
      `Twilio's OpenAPI document cannot be read (${(error as Error).message}): basic checks only`,
    );
    return undefined;
  }
  return readApiDocument(text);
}

async function answer(endpoint: Endpoint, request: Request): Promise<Response> {
  const url = new URL(request.url);
  const form = new URLSearchParams(await request.text());
  endpoint.calls.push(`${request.method} ${url.pathname}`);
  const { account_sid, auth_token } = endpoint.options;
  const expected = `Basic ${btoa(`${account_sid}:${auth_token}`)}`;
  if (request.headers.get("authorization") !== expected) {
    return failure({ status: 401, code: 20003, message: "Authenticate" });
  }
  const place = `/2010-04-01/Accounts/${account_sid}/Messages`;
  const text = endpoint.received.find(({ sid }) => url.pathname === `${place}/${sid}.json`);
  if (url.pathname !== `${place}.json` && text === undefined) {
    return failure({ status: 404, code: 20404, message: `${url.pathname} was not found` });
  }
  const method = request.method === "POST" ? "post" : "get";
  const faults = faultsOf(endpoint, method, url, form, request.headers.get("content-type"));
  if (faults.length > 0) {
    endpoint.refused.push(...faults);
    return failure({ status: 400, code: 21211, message: faults.join("; ") });
  }
  if (text !== undefined) return Response.json(resourceOf(endpoint, text));
  if (method === "get") return list(endpoint, url.searchParams);
  const fault = endpoint.refusedNumbers.get(form.get("To") ?? "") ?? endpoint.faults.shift();
  const taken = fault === undefined || fault.hang === true || fault.taken === true;
  if (!taken) return failure(fault);
  const created = create(endpoint, form);
  if (fault?.hang === true) await until(endpoint.ending.signal);
  if (fault?.taken === true) return failure(fault);
  return Response.json(created, { status: 201 });
}

/** What Twilio's document says, and what it says in words only: who sends, and that there is a text. */
function faultsOf(
  endpoint: Endpoint,
  method: "get" | "post",
  url: URL,
  form: URLSearchParams,
  contentType: string | null,
): string[] {
  const faults = endpoint.document?.faults({
    method,
    path: url.pathname,
    query: url.searchParams,
    form,
  }) ?? [];
  if (method === "get") return faults;
  if (!contentType?.startsWith("application/x-www-form-urlencoded")) {
    faults.push(`content type ${contentType}: a form is expected`);
  }
  if (!/^\+[1-9]\d{1,14}$/.test(form.get("To") ?? "")) faults.push("To: not in E.164");
  if (!form.has("From") && !form.has("MessagingServiceSid")) {
    faults.push("From or MessagingServiceSid: missing");
  }
  if ((form.get("Body") ?? "") === "") faults.push("Body: missing");
  if ((form.get("Body") ?? "").length > 1600) faults.push("Body: longer than 1600 characters");
  return faults;
}

function create(endpoint: Endpoint, form: URLSearchParams): Record<string, unknown> {
  const body = form.get("Body") ?? "";
  const text: ReceivedText = {
    sid: `SM${String(++endpoint.count).padStart(32, "0")}`,
    to: form.get("To") ?? "",
    from: form.get("From"),
    body,
    segments: segmentsOf(body).segments,
    at_ms: Date.now(),
    status_callback: form.get("StatusCallback"),
  };
  endpoint.received.push(text);
  const reporting = reportAll(endpoint, text).finally(() => endpoint.reporting.delete(reporting));
  endpoint.reporting.add(reporting);
  if (endpoint.received.length > endpoint.options.kept_max) endpoint.received.shift();
  return resourceOf(endpoint, text);
}

async function reportAll(endpoint: Endpoint, text: ReceivedText): Promise<void> {
  for (const one of endpoint.reports(text)) await post(endpoint, text, one);
}

/** Signed as Twilio says: HMAC-SHA1 of the address and the sorted fields, under the auth token. */
async function post(
  endpoint: Endpoint,
  text: ReceivedText,
  given: TwilioReport,
): Promise<number | undefined> {
  endpoint.statuses.set(text.sid, given);
  if (text.status_callback === null) return undefined;
  const fields: Record<string, string> = {
    AccountSid: endpoint.options.account_sid,
    ApiVersion: "2010-04-01",
    From: text.from ?? "",
    MessageSid: text.sid,
    MessageStatus: given.status,
    SmsSid: text.sid,
    SmsStatus: given.status,
    To: text.to,
    ...(given.code !== undefined && { ErrorCode: String(given.code) }),
  };
  const signed = Object.keys(fields).sort()
    .reduce((all, name) => `${all}${name}${fields[name]}`, text.status_callback);
  const signature = createHmac("sha1", endpoint.options.auth_token).update(signed).digest("base64");
  try {
    const response = await fetch(text.status_callback, {
      method: "POST",
      headers: { "x-twilio-signature": signature },
      body: new URLSearchParams(fields),
      signal: endpoint.ending.signal,
    });
    await response.body?.cancel();
    return response.status;
  } catch {
    return undefined; // Twilio too goes on when nobody answers.
  }
}

/** Texts to `To` since `DateSent>`, newest first, as Twilio pages them. */
function list(endpoint: Endpoint, query: URLSearchParams): Response {
  const after = query.get("DateSent>");
  const since_ms = after === null ? 0 : Date.parse(after);
  const size = Number(query.get("PageSize") ?? 50);
  const messages = endpoint.received
    .filter((text) => text.to === (query.get("To") ?? text.to))
    .filter((text) => after === null || (isDated(endpoint, text) && text.at_ms >= since_ms))
    .reverse()
    .slice(0, size)
    .map((text) => resourceOf(endpoint, text));
  return Response.json({
    messages,
    page: 0,
    page_size: size,
    start: 0,
    end: Math.max(0, messages.length - 1),
    uri: "/",
    first_page_uri: "/",
    next_page_uri: null,
    previous_page_uri: null,
  });
}

/** Twilio dates a text when it leaves for the carrier. */
function isDated(endpoint: Endpoint, { sid }: ReceivedText): boolean {
  const status = endpoint.statuses.get(sid)?.status ?? "queued";
  return !["accepted", "scheduled", "queued"].includes(status);
}

/** `api.v2010.account.message` of Twilio's document. */
function resourceOf(endpoint: Endpoint, text: ReceivedText): Record<string, unknown> {
  const { account_sid } = endpoint.options;
  const date = new Date(text.at_ms).toUTCString().replace("GMT", "+0000");
  const uri = `/2010-04-01/Accounts/${account_sid}/Messages/${text.sid}`;
  return {
    account_sid,
    api_version: "2010-04-01",
    body: text.body,
    date_created: date,
    date_sent: isDated(endpoint, text) ? date : null,
    date_updated: date,
    direction: "outbound-api",
    error_code: endpoint.statuses.get(text.sid)?.code ?? null,
    error_message: null,
    from: text.from,
    messaging_service_sid: null,
    num_media: "0",
    num_segments: String(text.segments),
    price: null,
    price_unit: null,
    sid: text.sid,
    status: endpoint.statuses.get(text.sid)?.status ?? "queued",
    subresource_uris: { media: `${uri}/Media.json` },
    to: text.to,
    uri: `${uri}.json`,
  };
}

function failure({ status, code, message, retry_after_s }: TwilioFault): Response {
  const headers = retry_after_s === undefined ? {} : { "Retry-After": String(retry_after_s) };
  const more_info = `https://www.twilio.com/docs/errors/${code}`;
  return Response.json({ code, message, more_info, status }, { status, headers });
}

function until(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
