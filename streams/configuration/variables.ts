/** Every environment variable that Samay reads. `docs/configuration.md` is checked against this. */
import { reminderDays } from "../../actors/accounts/due_days.ts";
import { quietHoursOf } from "../../actors/notification/quiet_hours.ts";
import { z } from "../../protocol/schema.ts";
import type { Variable } from "./read.ts";

/** A URL with one of `protocols` and a host. */
function urlOf(...protocols: string[]) {
  return z.string().refine((text) => {
    if (!URL.canParse(text)) return false;
    const url = new URL(text);
    return protocols.includes(url.protocol.slice(0, -1)) && url.hostname !== "";
  });
}

const text = z.string().min(1).max(1_000);
const path = z.string().min(1).max(4_096);
const name = z.string().regex(/^[A-Za-z0-9_-]{1,32}$/);
const nameExpects = "1 to 32 letters, digits, - or _";
/** A number in E.164, or an alphanumeric sender id. */
const sender = z.string().regex(/^(?:\+[1-9]\d{6,14}|(?=.*[A-Za-z])[A-Za-z0-9]{3,11})$/);
/** `HOST:PORT`, an IPv6 host in brackets. */
const listen = z.string().regex(/^(?:\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/)
  .transform((given) => ({
    hostname: given.slice(0, given.lastIndexOf(":")).replace(/^\[|\]$/g, ""),
    port: Number(given.slice(given.lastIndexOf(":") + 1)),
  })).refine(({ port }) => port < 65_536);
const perMinute = z.string().regex(/^[1-9]\d{1,5}$/).transform(Number);

function declare<T>(variable: Variable<T>): Variable<T> {
  return variable;
}

export const variables = {
  natsUrl: declare({
    name: "SAMAY_NATS_URL",
    schema: z.string().refine((given) =>
      given.split(",").every((one) => urlOf("nats", "tls", "ws", "wss").safeParse(one).success)
    ).optional(),
    expects: "a URL such as nats://broker:4222 or tls://broker:4222, or several with commas",
    about: "Where the broker is. Without it a role starts its own nats-server on this machine.",
  }),
  natsUser: declare({
    name: "SAMAY_NATS_USER",
    schema: text.optional(),
    expects: "the user name on the broker",
    about: "User on the broker; a slave's user is its slave id.",
  }),
  natsPassword: declare({
    name: "SAMAY_NATS_PASSWORD",
    schema: text.optional(),
    expects: "the password on the broker",
    about: "Password on the broker.",
    secret: true,
  }),
  natsCredsFile: declare({
    name: "SAMAY_NATS_CREDS_FILE",
    schema: path.optional(),
    expects: "the path of a .creds file",
    about: "Credentials file (JWT and seed) instead of user and password.",
  }),
  natsCaFile: declare({
    name: "SAMAY_NATS_CA_FILE",
    schema: path.optional(),
    expects: "the path of a PEM file",
    about: "Certificate authority that signed the broker's certificate.",
  }),
  natsReplicas: declare({
    name: "SAMAY_NATS_REPLICAS",
    schema: z.string().regex(/^[135]$/).transform(Number).optional(),
    expects: "1, 3 or 5",
    about: "On how many servers of a cluster each stream and bucket is kept. Without it those " +
      "that stand are left as they are, and new ones are kept once.",
  }),
  databaseUrl: declare({
    name: "DATABASE_URL",
    schema: urlOf("postgres", "postgresql").optional(),
    expects: "a URL such as postgres://samay:password@host:5432/samay",
    about: "The PostgreSQL database. Without it an embedded one is kept in the data folder.",
    secret: true,
  }),
  dataDir: declare({
    name: "SAMAY_DATA_DIR",
    schema: path.default(".samay"),
    expects: "the path of a folder",
    about: "Folder of everything that is kept: outbox, embedded broker and database.",
    default: ".samay",
  }),
  kekFile: declare({
    name: "SAMAY_KEK_FILE",
    schema: path.optional(),
    expects: "the path of a file with 64 hexadecimal digits",
    about: "File with the key-encryption key that wraps the meters' keys. " +
      "Without it one is made in the data folder.",
  }),
  masterName: declare({
    name: "SAMAY_MASTER_NAME",
    schema: name.optional(),
    expects: nameExpects,
    about: "Name of this master among the masters; without it the host name and process id.",
  }),
  smtpUrl: declare({
    name: "SAMAY_SMTP_URL",
    schema: urlOf("smtp", "smtps").optional(),
    expects: "a URL such as smtps://user:password@mail.example.org:465",
    about: "Mail server for bills. Without it mails are not sent.",
    secret: true,
  }),
  mailFrom: declare({
    name: "SAMAY_MAIL_FROM",
    schema: z.string().regex(/^(?:[^<>\r\n]*<[^\s<>@]+@[^\s<>@]+>|[^\s<>@]+@[^\s<>@]+)$/)
      .optional(),
    expects: "an address such as Samay Bills <bills@example.org>",
    about: "Sender of the mails; needed with SAMAY_SMTP_URL.",
  }),
  twilioAccountSid: declare({
    name: "TWILIO_ACCOUNT_SID",
    schema: z.string().regex(/^AC[0-9a-fA-F]{32}$/).optional(),
    expects: "AC and 32 hexadecimal digits",
    about: "Twilio account for SMS. Without it no SMS is sent.",
  }),
  twilioAuthToken: declare({
    name: "TWILIO_AUTH_TOKEN",
    schema: text.optional(),
    expects: "the auth token of the account",
    about: "Token of the Twilio account.",
    secret: true,
  }),
  twilioFrom: declare({
    name: "TWILIO_FROM",
    schema: sender.optional(),
    expects: "a number such as +12025550123, or a sender id of 3 to 11 letters and digits",
    about: "Number or sender id that SMS come from; or give TWILIO_MESSAGING_SERVICE_SID.",
  }),
  twilioMessagingServiceSid: declare({
    name: "TWILIO_MESSAGING_SERVICE_SID",
    schema: z.string().regex(/^MG[0-9a-fA-F]{32}$/).optional(),
    expects: "MG and 32 hexadecimal digits",
    about: "Twilio messaging service instead of a number.",
  }),
  twilioUrl: declare({
    name: "SAMAY_TWILIO_URL",
    schema: urlOf("http", "https").optional(),
    expects: "a URL such as http://127.0.0.1:8080",
    about: "Another address of the Twilio API, for tests.",
  }),
  callbackListen: declare({
    name: "SAMAY_CALLBACK_LISTEN",
    schema: listen.optional(),
    expects: "an address to listen on, such as 127.0.0.1:8090",
    about: "Where billing takes Twilio's reports on texts, by HTTP. Without it none are taken.",
  }),
  callbackUrl: declare({
    name: "SAMAY_CALLBACK_URL",
    schema: urlOf("http", "https").refine((given) => !/[?#]/.test(given)).optional(),
    expects: "a URL without query, such as https://bills.example.org/twilio/status",
    about: "The same endpoint as Twilio calls it from outside; it is part of what Twilio signs.",
  }),
  validationRules: declare({
    name: "SAMAY_VALIDATION_RULES",
    schema: path.optional(),
    expects: "the path of a JSON file",
    about: "Rules that readings are held against, with their thresholds; `samay reading rules " +
      "--json` writes a file to begin with. Without it those that come with the product.",
  }),
  tariffsDir: declare({
    name: "SAMAY_TARIFFS_DIR",
    schema: path.optional(),
    expects: "the path of a folder",
    about: "A folder with tariff files of your own (*.json), beside those of the product; one " +
      "with a fault keeps the role from starting. See docs/tariffs.md.",
  }),
  dltFile: declare({
    name: "SAMAY_DLT_FILE",
    schema: path.optional(),
    expects: "the path of a JSON file",
    about: "The texts that are registered for SMS in India (DLT); see docs/delivery.md. Without " +
      "it built-in texts are sent.",
  }),
  smsSegmentsMax: declare({
    name: "SAMAY_SMS_SEGMENTS_MAX",
    schema: z.string().regex(/^(?:[1-9]|10)$/).transform(Number).prefault("3"),
    expects: "a number from 1 to 10",
    about: "Most segments of one SMS; a longer text is parked and not sent.",
    default: "3",
  }),
  smsPerMinute: declare({
    name: "SAMAY_SMS_PER_MINUTE",
    schema: perMinute.prefault("600"),
    expects: "a number from 10 to 999999",
    about: "Most SMS a minute, of one billing process.",
    default: "600",
  }),
  mailsPerMinute: declare({
    name: "SAMAY_MAILS_PER_MINUTE",
    schema: perMinute.prefault("1200"),
    expects: "a number from 10 to 999999",
    about: "Most mails a minute, of one billing process.",
    default: "1200",
  }),
  quietHours: declare({
    name: "SAMAY_QUIET_HOURS",
    schema: z.string().prefault("21:00-09:00").transform((given, context) => {
      if (given === "none") return null;
      const hours = quietHoursOf(given);
      if (hours === undefined) context.addIssue("hours");
      return hours ?? null;
    }),
    expects: "hours in Indian time such as 21:00-09:00, or none",
    about: "Nobody is reminded in these hours; what falls into them goes out at their end.",
    default: "21:00-09:00",
  }),
  quietBills: declare({
    name: "SAMAY_QUIET_BILLS",
    schema: z.literal("1").optional(),
    expects: "1",
    about: "`1` has bills wait for the end of the quiet hours too.",
  }),
  reminders: declare({
    name: "SAMAY_REMINDERS",
    schema: z.string().prefault("off").transform((given, context) => {
      const days = reminderDays(given);
      if (days === null) context.addIssue("days");
      return days ?? [];
    }),
    expects: "days from the due date such as -3,+2,+10, at most eight within 60 days, or off",
    about:
      "On which days an unpaid bill is reminded of: with - before its due date. Switch it on " +
      "once payments are recorded here (docs/accounts.md).",
    default: "off",
  }),
  lateChargeAfterDays: declare({
    name: "SAMAY_LATE_CHARGE_AFTER_DAYS",
    schema: z.string().regex(/^([0-9]|[12][0-9]|30)$/).prefault("3").transform(Number),
    expects: "a number from 0 to 30",
    about:
      "Days after the due date in which its payments may still be recorded, before paying late " +
      "is charged. Whether it is charged, the tariff says.",
    default: "3",
  }),
  draftGraceHours: declare({
    name: "SAMAY_DRAFT_GRACE_HOURS",
    schema: z.string().regex(/^([0-9]{1,2}|[1-6][0-9]{2}|7[01][0-9]|720)$/).prefault("0")
      .transform(Number),
    expects: "a number from 0 to 720",
    about: "Hours in which people may look at a bill before it goes out: `samay bill draft`.",
    default: "0",
  }),
  estimateAfterHours: declare({
    name: "SAMAY_ESTIMATE_AFTER_HOURS",
    schema: z.string().regex(/^(never|[1-9][0-9]?|[1-9][0-9]{2}|1000)$/).prefault("120")
      .transform((given) => given === "never" ? null : Number(given)),
    expects: "a number from 1 to 1000, or never",
    about: "Hours from closing a month to its estimated bill, where no usable reading has come " +
      "(docs/billing.md).",
    default: "120",
  }),
  billsDir: declare({
    name: "SAMAY_BILLS_DIR",
    schema: path.optional(),
    expects: "the path of a folder",
    about: "Folder of the bills as PDF; without it `bills` in the data folder.",
  }),
  utilityName: declare({
    name: "SAMAY_UTILITY_NAME",
    schema: z.string().min(1).max(80).default("Samay Vidyut"),
    expects: "1 to 80 characters",
    about: "Name of the utility on bills, mails and SMS.",
    default: "Samay Vidyut",
  }),
  upiId: declare({
    name: "SAMAY_UPI_ID",
    schema: z.string().regex(/^[A-Za-z0-9._-]{2,64}@[A-Za-z][A-Za-z0-9]{1,31}$/).optional(),
    expects: "a UPI ID such as utility@bank",
    about: "UPI ID that bills are paid to: each bill gets a QR code. Without it bills have none.",
  }),
} as const;

/** Read where it is used, before any role: how the program itself speaks. */
export const programVariables: readonly Variable<unknown>[] = [
  {
    name: "SAMAY_LOG",
    schema: z.string().optional(),
    expects: "json",
    about: "`json` has the log in one JSON document a line.",
  },
  {
    name: "SAMAY_DEBUG",
    schema: z.string().optional(),
    expects: "1",
    about: "`1` shows where an unexpected error came from.",
  },
  {
    name: "NO_COLOR",
    schema: z.string().optional(),
    expects: "anything",
    about: "Any value: no colour on a terminal.",
  },
];
