/** The e-mail of one bill: subject, text and HTML in the consumer's language. */
import { type BillDocument, standingBefore } from "./bill_document.ts";
import { dateLong, groupIndian, type Language, periodLong, rupees } from "./format.ts";
import { type Labels, labelsOf } from "./labels.ts";
import type { NoticeKind } from "../../actors/notification/template.ts";

export interface Letter {
  readonly notification_id: number;
  readonly to: string;
  readonly to_name: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** Time of the letter: the invoice's, the same at every attempt. */
  readonly date_ms: number;
  readonly pdf: Uint8Array;
  readonly pdf_name: string;
}

/** The name of the bill's file: the number without what a path cannot hold. */
export function pdfNameOf(number: string): string {
  return `${number.replaceAll(/[^A-Za-z0-9._-]/g, "-")}.pdf`;
}

const WORDS = {
  en: {
    subject: (period: string) => `Electricity bill for ${period}`,
    greeting: (name: string) => `Dear ${name},`,
    opening: (period: string) => `Your electricity bill for ${period} is attached.`,
    reminder_subject: (period: string) => `Reminder: electricity bill for ${period}`,
    reminder_opening: (period: string) =>
      `This is a reminder of your electricity bill for ${period}, attached once more. ` +
      `If you have paid it, nothing is left to do.`,
    closing: "How the amount came about, and how your meter was read, is on the attached bill.",
    auto: "This message was sent by computer.",
  },
  mr: {
    subject: (period: string) => `वीज बिल: ${period}`,
    greeting: (name: string) => `नमस्कार ${name},`,
    opening: (period: string) => `${period} महिन्याचे आपले वीज बिल सोबत जोडले आहे.`,
    reminder_subject: (period: string) => `स्मरण: वीज बिल: ${period}`,
    reminder_opening: (period: string) =>
      `${period} महिन्याच्या वीज बिलाचे हे स्मरणपत्र आहे; बिल पुन्हा सोबत जोडले आहे. ` +
      `बिल भरले असल्यास काही करण्याची गरज नाही.`,
    closing: "रक्कम कशी आकारली आणि मीटरचे वाचन कसे मिळाले, हे सोबतच्या देयकावर दिले आहे.",
    auto: "हा संदेश संगणकाद्वारे पाठवला आहे.",
  },
} as const;

/** The letter that carries `pdf` to `to`: the bill, or a reminder of it. */
export function letterOf(
  bill: BillDocument,
  notification_id: number,
  to: string,
  pdf: Uint8Array,
  kind: NoticeKind = "bill",
): Letter {
  const { language, name } = bill.consumer;
  const words = WORDS[language];
  const period = periodLong(bill.period, language);
  const utility = (language === "mr" ? bill.utility.name_mr : undefined) ?? bill.utility.name;
  const labels = labelsOf(language);
  const facts: (readonly [string, string])[] = [
    [payableLabel(bill, labels), `₹ ${rupees(Math.abs(bill.amount_due_paise))}`],
    ...whenOf(bill, labels, language),
    ...beforeOf(bill, labels),
    [labels.number, bill.number],
    [labels.consumer_number, bill.consumer.number],
    [labels.units_billed, groupIndian(bill.units_kwh)],
    ...(bill.closing.source === "estimate"
      ? [[labels.estimated_bill, labels.provenance_estimate] as const]
      : []),
  ];
  const contact = bill.utility.contact === undefined
    ? ""
    : `${labels.contact}: ${bill.utility.contact}`;
  const parts = {
    greeting: words.greeting(name),
    opening: kind === "bill" ? words.opening(period) : words.reminder_opening(period),
    facts,
    closing: words.closing,
    sign: [utility, contact, words.auto].filter((line) => line !== ""),
  };
  return {
    notification_id,
    to,
    to_name: name,
    subject: `${kind === "bill" ? words.subject(period) : words.reminder_subject(period)}: ${
      bill.amount_due_paise < 0 ? `${labels.credit} ` : ""
    }₹ ${rupees(Math.abs(bill.amount_due_paise))}`,
    text: textOf(parts),
    html: htmlOf(parts, language),
    date_ms: bill.issued_at_ms,
    pdf,
    pdf_name: pdfNameOf(bill.number),
  };
}

function payableLabel({ amount_due_paise }: BillDocument, labels: Labels): string {
  if (amount_due_paise > 0) return labels.payable;
  return amount_due_paise < 0 ? labels.credit : labels.nothing_due;
}

/** When it is to be paid; of a credit, what becomes of it. */
function whenOf(
  { amount_due_paise, due_on }: BillDocument,
  labels: Labels,
  language: Language,
): [string, string][] {
  if (amount_due_paise > 0) return [[labels.due_on, dateLong(due_on, language)]];
  return amount_due_paise < 0 ? [[labels.no_payment, labels.credit_kept]] : [];
}

/** What is in the amount beside the bill itself, where there is any of it. */
function beforeOf({ balance, payable_paise }: BillDocument, labels: Labels): [string, string][] {
  const { before_paise: was_paise, received_paise } = standingBefore(balance);
  if (was_paise === 0 && received_paise === 0) return [];
  const was = was_paise < 0 ? labels.credit_before : labels.arrears;
  const facts: [string, string][] = [
    [was, `₹ ${rupees(was_paise)}`],
    [labels.received, `₹ ${rupees(received_paise)}`],
    [labels.of_this_bill, `₹ ${rupees(payable_paise)}`],
  ];
  return facts.filter(([label]) => label !== labels.received || received_paise > 0);
}

interface Parts {
  readonly greeting: string;
  readonly opening: string;
  readonly facts: readonly (readonly [string, string])[];
  readonly closing: string;
  readonly sign: readonly string[];
}

function textOf(parts: Parts): string {
  return [
    parts.greeting,
    "",
    parts.opening,
    "",
    ...parts.facts.map(([label, value]) => `${label}: ${value}`),
    "",
    parts.closing,
    "",
    ...parts.sign,
    "",
  ].join("\n");
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Text that may stand in HTML: names and addresses are not ours. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ESCAPES[character]!);
}

/** Inline styles and one table: mail programs know little else. */
function htmlOf(parts: Parts, language: string): string {
  const paragraph = (text: string) => `<p style="margin:0 0 16px">${escapeHtml(text)}</p>`;
  const [first, ...others] = parts.facts;
  const rows = others.map(([label, value]) =>
    `<tr><td style="padding:4px 16px 4px 0;color:#5c677d">${escapeHtml(label)}</td>` +
    `<td style="padding:4px 0"><b>${escapeHtml(value)}</b></td></tr>`
  ).join("");
  return `<!doctype html><html lang="${language}"><head><meta charset="utf-8"></head>` +
    `<body style="margin:0;padding:24px;font:16px/1.5 'Noto Sans',sans-serif;color:#14213d">` +
    `<div style="max-width:560px;margin:0 auto">` +
    paragraph(parts.greeting) + paragraph(parts.opening) +
    `<div style="background:#0b6e6e;color:#fff;border-radius:8px;padding:16px 20px;margin:0 0 16px">` +
    `${escapeHtml(first![0])}<br><b style="font-size:28px">${escapeHtml(first![1])}</b></div>` +
    `<table style="border-collapse:collapse;margin:0 0 16px">${rows}</table>` +
    paragraph(parts.closing) +
    `<p style="margin:0;color:#5c677d;font-size:13px">${
      parts.sign.map(escapeHtml).join("<br>")
    }</p>` +
    `</div></body></html>`;
}
