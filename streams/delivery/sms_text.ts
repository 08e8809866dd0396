/** The SMS of one bill, and how many segments of SMS a text takes. */
import {
  type NoticeKind,
  type Template,
  textOf,
  VARIABLE,
  type VariableValues,
} from "../../actors/notification/template.ts";
import { TerminalError } from "../../protocol/errors.ts";
import type { BillDocument } from "./bill_document.ts";
import { dateShort, periodLong, periodShort, rupeesShort } from "./format.ts";

/**
 * What the variables of a registered text stand for, on `bill`. Every text names its bill: that is how
 * one that may have left is found again.
 */
export function smsValuesOf(bill: BillDocument): VariableValues {
  const { language } = bill.consumer;
  const { month } = periodShort(bill.period, language);
  return {
    utility: (language === "mr" ? bill.utility.name_mr : undefined) ?? bill.utility.name,
    number: bill.number,
    period: periodLong(bill.period, language),
    month: `${month} ${bill.period.slice(0, 4)}`,
    // What is in the customer's favour asks for nothing.
    amount: rupeesShort(Math.max(0, bill.amount_due_paise)),
    due_on: dateShort(bill.due_on),
    consumer_number: bill.consumer.number,
    name: bill.consumer.name,
  };
}

/** What a text needs that nobody registered: as short as it can be said, one segment in English. */
export function builtInTemplates(utility: string): readonly Template[] {
  const own = { template_id: null, header: null } as const;
  return [
    {
      ...own,
      kind: "bill",
      language: "en",
      text: `${utility}: bill ${VARIABLE} for ${VARIABLE}, Rs ${VARIABLE}, due ${VARIABLE}. ` +
        `Consumer no ${VARIABLE}`,
      variables: ["number", "month", "amount", "due_on", "consumer_number"],
    },
    {
      ...own,
      kind: "bill",
      language: "mr",
      text: `वीज बिल ${VARIABLE}, ${VARIABLE}: देय रक्कम रु. ${VARIABLE}, देय दिनांक ${VARIABLE}. ` +
        `ग्राहक क्र. ${VARIABLE}`,
      variables: ["number", "period", "amount", "due_on", "consumer_number"],
    },
    {
      ...own,
      kind: "reminder",
      language: "en",
      text: `${utility}: reminder, bill ${VARIABLE} of Rs ${VARIABLE} is due ${VARIABLE}. ` +
        `Consumer no ${VARIABLE}`,
      variables: ["number", "amount", "due_on", "consumer_number"],
    },
    {
      ...own,
      kind: "reminder",
      language: "mr",
      text: `स्मरण: वीज बिल ${VARIABLE}, देय रक्कम रु. ${VARIABLE}, देय दिनांक ${VARIABLE}. ` +
        `ग्राहक क्र. ${VARIABLE}`,
      variables: ["number", "amount", "due_on", "consumer_number"],
    },
  ];
}

export interface SmsText {
  readonly body: string;
  readonly template: Template;
  readonly segments: number;
}

export interface SmsRules {
  readonly templates: readonly Template[];
  /** Longest text, in segments: each is paid for. */
  readonly segments_max: number;
}

/**
 * The text of `kind` about `bill`. Throws `TerminalError` when none is registered in the customer's
 * language, when it would not match what is registered, or when it is too long.
 */
export function smsTextOf(bill: BillDocument, kind: NoticeKind, rules: SmsRules): SmsText {
  const { language } = bill.consumer;
  const template = rules.templates.find((one) => one.kind === kind && one.language === language);
  if (template === undefined) {
    throw new TerminalError(`SMS: no text for a ${kind} in ${language} is in SAMAY_DLT_FILE`);
  }
  const body = textOf(template, smsValuesOf(bill));
  const { segments, encoding } = segmentsOf(body);
  if (segments > rules.segments_max) {
    throw new TerminalError(
      `SMS: the text takes ${segments} segments of ${encoding}, SAMAY_SMS_SEGMENTS_MAX is ` +
        `${rules.segments_max}; it was not sent`,
    );
  }
  return { body, template, segments };
}

/** GSM 7-bit default alphabet (3GPP TS 23.038 section 6.2.1); one septet a character. */
const GSM_BASIC = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
  "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/** Its extension table: an escape and a character, two septets. */
const GSM_EXTENDED = "\f^{}\\[~]|€";

export interface Segments {
  readonly encoding: "GSM-7" | "UCS-2";
  /** What is charged for. */
  readonly segments: number;
  /** Septets of GSM-7, or 16-bit units of UCS-2. */
  readonly units: number;
}

/**
 * How `text` is sent: 160 septets or 70 UCS-2 units in one segment; 153 or 67 in each of several,
 * the rest being the header that joins them (3GPP TS 23.040 section 9.2.3.24). An escape sequence
 * and a surrogate pair are never cut, so a segment may end one unit early.
 */
export function segmentsOf(text: string): Segments {
  const characters = [...text];
  const gsm = characters.every((c) => GSM_BASIC.includes(c) || GSM_EXTENDED.includes(c));
  const widths = characters.map((c) => gsm ? (GSM_EXTENDED.includes(c) ? 2 : 1) : c.length);
  const [single, joined] = gsm ? [160, 153] : [70, 67];
  const units = widths.reduce((sum, width) => sum + width, 0);
  const encoding = gsm ? "GSM-7" : "UCS-2";
  if (units <= single) return { encoding, segments: 1, units };
  let segments = 1;
  let room = joined;
  for (const width of widths) {
    if (width > room) {
      segments++;
      room = joined;
    }
    room -= width;
  }
  return { encoding, segments, units };
}
