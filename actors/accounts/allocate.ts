/**
 * Which bill is paid: what came in settles what fell due first.
 *
 * A credit note settles its own bill before any other. What was reversed, and its reversal, are as if
 * they had never been: a cheque that came back has paid nothing, on no day.
 */

export type LedgerKind =
  | "invoice"
  | "void"
  | "credit_note"
  | "payment"
  | "payment_reversal"
  | "late_charge"
  | "adjustment"
  | "opening";

export interface LedgerEntry {
  readonly entry_id: number;
  readonly kind: LedgerKind;
  /** Above zero: owed. Below: paid or credited. */
  readonly amount_paise: number;
  /** Calendar date in India. */
  readonly value_date: string;
  readonly invoice_id: number | null;
  /** The entry that this one undoes. */
  readonly reverses: number | null;
}

/** Something owed, and how much of it is left. */
export interface OwedItem {
  readonly entry_id: number;
  readonly kind: LedgerKind;
  readonly invoice_id: number | null;
  readonly due_on: string;
  readonly amount_paise: number;
  readonly outstanding_paise: number;
  /** What was left when the due date was over. */
  readonly outstanding_at_due_paise: number;
}

export interface Allocation {
  /** In the order in which they fell due. */
  readonly items: readonly OwedItem[];
  /** Paid or credited beyond everything that is owed. */
  readonly credit_paise: number;
  /** Sum of all entries: what is outstanding less the credit. */
  readonly balance_paise: number;
}

type Open = { -readonly [K in keyof OwedItem]: OwedItem[K] };

/** Settles `entries` of one account; `due_on` tells when each of its invoices falls due. */
export function allocate(
  entries: readonly LedgerEntry[],
  due_on: ReadonlyMap<number, string>,
): Allocation {
  const { items, credit_paise } = settled(entries, due_on);
  for (const item of items) item.outstanding_at_due_paise = atDue(item, entries, due_on);
  const balance_paise = entries.reduce((sum, { amount_paise }) => sum + amount_paise, 0);
  return { items, credit_paise, balance_paise };
}

/** What is owed, as all that came in settles it. */
function settled(
  entries: readonly LedgerEntry[],
  due_on: ReadonlyMap<number, string>,
): { readonly items: readonly Open[]; readonly credit_paise: number } {
  const undone = new Set(entries.flatMap(({ reverses }) => reverses === null ? [] : [reverses]));
  const standing = entries.filter((one) => one.reverses === null && !undone.has(one.entry_id));
  const items = standing.filter(({ amount_paise }) => amount_paise > 0)
    .map((entry) => owed(entry, due_on)).sort(inOrder);
  const credits = standing.filter(({ amount_paise }) => amount_paise < 0)
    .sort((a, b) => compare(a.value_date, b.value_date) || a.entry_id - b.entry_id);
  let credit_paise = 0;
  // Credit notes first: what is left of them after their own bill goes the way of any payment.
  const left = new Map(credits.map((credit) => [credit.entry_id, -credit.amount_paise]));
  for (const note of credits.filter(({ kind }) => kind === "credit_note")) {
    const own = items.filter((item) =>
      item.kind === "invoice" && item.invoice_id === note.invoice_id
    );
    left.set(note.entry_id, settle(own, left.get(note.entry_id)!, note.value_date));
  }
  let next = 0;
  for (const credit of credits) {
    while (next < items.length && items[next]!.outstanding_paise === 0) next++;
    const rest = settle(items.slice(next), left.get(credit.entry_id)!, credit.value_date);
    credit_paise += rest;
  }
  return { items, credit_paise };
}

/**
 * What was left of `item` when its due date was over. A credit note of a later day takes its place
 * before payments, and so sets free what had paid the bill in time: then it was not there yet.
 */
function atDue(
  item: OwedItem,
  entries: readonly LedgerEntry[],
  due_on: ReadonlyMap<number, string>,
): number {
  const { kind, entry_id, invoice_id, outstanding_at_due_paise } = item;
  if (kind !== "invoice" || outstanding_at_due_paise === 0) return outstanding_at_due_paise;
  const then = entries.filter((one) =>
    one.kind !== "credit_note" || one.invoice_id !== invoice_id || one.value_date <= item.due_on
  );
  if (then.length === entries.length) return outstanding_at_due_paise;
  return settled(then, due_on).items.find((one) => one.entry_id === entry_id)!
    .outstanding_at_due_paise;
}

function owed(entry: LedgerEntry, due_on: ReadonlyMap<number, string>): Open {
  const { entry_id, kind, invoice_id, amount_paise, value_date } = entry;
  // Only a bill gives time to pay.
  const due = kind === "invoice" && invoice_id !== null ? due_on.get(invoice_id) : undefined;
  return {
    ...{ entry_id, kind, invoice_id, due_on: due ?? value_date, amount_paise },
    outstanding_paise: amount_paise,
    outstanding_at_due_paise: amount_paise,
  };
}

/** Pays `items` in turn out of `amount_paise`; returns what is left of it. */
function settle(items: readonly Open[], amount_paise: number, value_date: string): number {
  let left = amount_paise;
  for (const item of items) {
    if (left === 0) break;
    const paid = Math.min(left, item.outstanding_paise);
    if (paid === 0) continue;
    left -= paid;
    item.outstanding_paise -= paid;
    if (value_date <= item.due_on) item.outstanding_at_due_paise -= paid;
  }
  return left;
}

const compare = (a: string, b: string) => a < b ? -1 : a > b ? 1 : 0;

function inOrder(a: OwedItem, b: OwedItem): number {
  return compare(a.due_on, b.due_on) || a.entry_id - b.entry_id;
}
