/** What each role reads from the environment. */
import { join } from "node:path";
import { type Environment, readConfiguration, type ReadText, type Values } from "./read.ts";
import type { Utility } from "../delivery/bill_document.ts";
import { variables } from "./variables.ts";

const { natsUrl, natsUser, natsPassword, natsCredsFile, natsCaFile } = variables;
const broker = { natsUrl, natsUser, natsPassword, natsCredsFile, natsCaFile };
/** Of the roles that make the streams. */
const { natsReplicas } = variables;
const data = { dataDir: variables.dataDir };
const { smtpUrl, mailFrom, twilioAccountSid, twilioAuthToken } = variables;
const { twilioFrom, twilioMessagingServiceSid, twilioUrl } = variables;
const { callbackListen, callbackUrl, dltFile, smsSegmentsMax } = variables;
const { smsPerMinute, mailsPerMinute, quietHours, quietBills } = variables;
const { reminders, lateChargeAfterDays } = variables;
/** Times of billing cycles. */
const cycles = {
  draftGraceHours: variables.draftGraceHours,
  estimateAfterHours: variables.estimateAfterHours,
};
const delivery = {
  smtpUrl,
  mailFrom,
  twilioAccountSid,
  twilioAuthToken,
  twilioFrom,
  twilioMessagingServiceSid,
  twilioUrl,
};
const office = {
  databaseUrl: variables.databaseUrl,
  billsDir: variables.billsDir,
  utilityName: variables.utilityName,
  upiId: variables.upiId,
  validationRules: variables.validationRules,
  tariffsDir: variables.tariffsDir,
  ...delivery,
};

/** Of the roles that send. */
const sending = {
  callbackListen,
  callbackUrl,
  dltFile,
  smsSegmentsMax,
  smsPerMinute,
  mailsPerMinute,
  quietHours,
  quietBills,
  reminders,
  lateChargeAfterDays,
};

/** The variables of each role: the manual and the checks read this. */
export const roleVariables = {
  slave: { ...broker, ...data },
  master: {
    ...broker,
    natsReplicas,
    ...data,
    kekFile: variables.kekFile,
    masterName: variables.masterName,
  },
  billing: {
    ...broker,
    natsReplicas,
    ...data,
    kekFile: variables.kekFile,
    ...office,
    ...sending,
    ...cycles,
  },
  start: {
    ...broker,
    ...data,
    kekFile: variables.kekFile,
    masterName: variables.masterName,
    ...office,
    ...sending,
    ...cycles,
  },
  /** Commands of an operator: `meter enrol`, `bill run`, ... */
  operator: { ...broker, ...data, ...office, kekFile: variables.kekFile },
} as const;

export type Role = keyof typeof roleVariables;
export type RoleConfiguration<R extends Role> = Values<(typeof roleVariables)[R]>;

function brokerRule(given: Readonly<Record<string, unknown>>): string[] {
  const faults: string[] = [];
  const { natsUser, natsPassword, natsCredsFile } = given;
  if ((natsUser === undefined) !== (natsPassword === undefined)) {
    const [has, lacks] = natsUser === undefined
      ? ["SAMAY_NATS_PASSWORD", "SAMAY_NATS_USER"]
      : ["SAMAY_NATS_USER", "SAMAY_NATS_PASSWORD"];
    faults.push(`${lacks} is missing: ${has} is set, and they go together`);
  }
  if (natsCredsFile !== undefined && natsUser !== undefined) {
    faults.push("SAMAY_NATS_CREDS_FILE and SAMAY_NATS_USER: set only one of them");
  }
  return faults;
}

function deliveryRule(given: Readonly<Record<string, unknown>>): string[] {
  const faults: string[] = [];
  if (given.smtpUrl !== undefined && given.mailFrom === undefined) {
    faults.push(
      `SAMAY_MAIL_FROM is missing: SAMAY_SMTP_URL is set, expected ${variables.mailFrom.expects}`,
    );
  }
  const sid = given.twilioAccountSid !== undefined;
  const token = given.twilioAuthToken !== undefined;
  if (sid !== token) {
    const [has, lacks] = sid
      ? ["TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"]
      : ["TWILIO_AUTH_TOKEN", "TWILIO_ACCOUNT_SID"];
    faults.push(`${lacks} is missing: ${has} is set, and they go together`);
  }
  const senders = [given.twilioFrom, given.twilioMessagingServiceSid]
    .filter((sender) => sender !== undefined).length;
  if (sid && senders !== 1) {
    faults.push("TWILIO_FROM or TWILIO_MESSAGING_SERVICE_SID: set one of the two");
  }
  return [...faults, ...callbackFaults(given)];
}

function callbackFaults(given: Readonly<Record<string, unknown>>): string[] {
  const { callbackListen, callbackUrl, twilioAccountSid } = given;
  if ((callbackListen === undefined) !== (callbackUrl === undefined)) {
    const [has, lacks] = callbackListen === undefined
      ? ["SAMAY_CALLBACK_URL", "SAMAY_CALLBACK_LISTEN"]
      : ["SAMAY_CALLBACK_LISTEN", "SAMAY_CALLBACK_URL"];
    return [`${lacks} is missing: ${has} is set, and they go together`];
  }
  if (callbackUrl === undefined || twilioAccountSid !== undefined) return [];
  return ["TWILIO_ACCOUNT_SID is missing: SAMAY_CALLBACK_URL is set, and reports are Twilio's"];
}

/**
 * The configuration of `role` from `environment`. Throws `TerminalError` with every fault, by
 * variable name. A rule about variables that the role does not read never fires.
 */
export function configurationOf<R extends Role>(
  role: R,
  environment: Environment = Deno.env.toObject(),
  read?: ReadText,
): RoleConfiguration<R> {
  return readConfiguration(role, roleVariables[role], environment, {
    rules: [brokerRule, deliveryRule],
    ...(read === undefined ? {} : { read }),
  }) as RoleConfiguration<R>;
}

/** Who sends the bills, and whom they are paid to. */
export function utilityOf(
  { utilityName, upiId }: { utilityName: string; upiId?: string | undefined },
): Utility {
  return { name: utilityName, ...(upiId === undefined ? {} : { upi_id: upiId }) };
}

/** Where the bills go, given or by default, for a role that has `dataDir`. */
export function billsDirOf(given: { billsDir?: string | undefined; dataDir: string }): string {
  return given.billsDir ?? join(given.dataDir, "bills");
}
