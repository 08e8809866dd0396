/** Notices as text, for `notice list`, `notice show` and `bill show`. */
import { inIndia } from "../../protocol/indian_time.ts";
import { formatTable } from "../terminal/table.ts";

/** As it comes over the wire: instants are ISO 8601 text. */
export interface NoticeOnWire {
  readonly notification_id: number;
  readonly number: string;
  readonly account_id: string;
  readonly period: string;
  readonly channel: string;
  readonly kind: string;
  readonly recipient: string | null;
  readonly state: string;
  readonly attempts: number;
  readonly unanswered: number;
  readonly drive: number;
  readonly provider_id: string | null;
  readonly delivery: string | null;
  readonly last_error: string | null;
  readonly due_at: string | null;
  readonly template_id: string | null;
  readonly segments: number | null;
  readonly updated_at: string;
}

export interface NoticeSheet extends NoticeOnWire {
  readonly suppressed: string | null;
  readonly audit: readonly {
    readonly at: string;
    readonly actor: string;
    readonly action: string;
    readonly detail: { readonly reason?: string };
  }[];
}

/** How it stands, in few words: `sent, accepted`, `parked, bounced`, `intended, due 2026-...`. */
export function standing(
  { state, delivery, due_at }: Pick<NoticeOnWire, "state" | "delivery" | "due_at">,
): string {
  const word = delivery !== null && delivery !== state ? `, ${delivery}` : "";
  const when = state === "sent" ? "asked about at" : "due";
  return `${state}${word}${due_at === null ? "" : `, ${when} ${inIndia(due_at)}`}`;
}

export function noticeTable(rows: readonly NoticeOnWire[], width: number): string {
  return formatTable(
    [
      { title: "Notice", align: "right" },
      { title: "Bill" },
      { title: "By" },
      { title: "To", flexible: true },
      { title: "Stands" },
      { title: "Tries", align: "right" },
      { title: "Why", flexible: true },
    ],
    rows.map((row) => [
      String(row.notification_id),
      row.kind === "bill" ? row.number : `${row.number} (${row.kind})`,
      row.channel,
      row.recipient ?? "nobody",
      standing(row),
      String(row.attempts),
      row.last_error ?? "",
    ]),
    { width },
  );
}

/** One notice with all that is known of it. */
export function noticeText(sheet: NoticeSheet): string {
  const facts: (readonly [string, string | number | null])[] = [
    ["stands", standing(sheet)],
    ["why", sheet.last_error],
    ["suppressed", sheet.suppressed],
    ["to", sheet.recipient ?? "nobody"],
    ["attempts", sheet.attempts],
    ["without an answer", sheet.unanswered === 0 ? null : sheet.unanswered],
    ["sent anew by a person", sheet.drive === 0 ? null : sheet.drive],
    ["provider's id", sheet.provider_id],
    ["registered text", sheet.template_id],
    ["segments", sheet.segments],
    ["since", inIndia(sheet.updated_at)],
  ];
  return [
    `Notice ${sheet.notification_id}: ${sheet.kind} ${sheet.number} by ${sheet.channel}, ` +
    `account ${sheet.account_id}, ${sheet.period}`,
    ...facts.filter(([, value]) => value !== null)
      .map(([name, value]) => `  ${name.padEnd(22)} ${value}`),
    ...sheet.audit.map(({ at, actor, action, detail }) =>
      `  ${inIndia(at)}  ${action} by ${actor}${detail.reason ? `: ${detail.reason}` : ""}`
    ),
  ].join("\n");
}
