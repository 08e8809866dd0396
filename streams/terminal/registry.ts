/**
 * Every command of `samay`, by name, loaded only when it is called: `samay tariff quote` must not
 * pay for the broker client, and a role must not ask for the permissions of another.
 */
import type { Command } from "./command.ts";

/** One line of the overview and the way to the command itself. */
export interface Registration {
  readonly summary: string;
  readonly load: () => Promise<{ readonly command: Command }>;
}

export type Registry = Readonly<Record<string, Registration>>;

/** What the first word of two-word commands is about. */
export const groups: Readonly<Record<string, string>> = {
  meter: "Read a meter, and administer the meters of the head-end",
  time: "Ask a time server, or be one",
  frame: "Seal, open and explain single TVES/2 frames",
  tariff: "The tariffs, and what a consumption costs",
  lab: "The paper's experiment",
  bill: "Bills: compute, show, print, explain, void",
  data: "Data in and out: CSV files, and Green Button",
  payment: "Payments: record, import, list, reverse",
  account: "Accounts: moving in and out, statements, arrears, corrections, the check",
  reading: "Readings: what waits in quarantine and why, and what a person decides",
  notice: "Messages to customers: what is parked, why, and sending it anew",
};

/** In the order of the overview. */
export const registry: Registry = {
  "demo": {
    summary: "Runs the whole way on this machine, from a pulse to a bill in the mailbox",
    load: () => import("./commands/demo.ts"),
  },
  "start": {
    summary: "Runs all roles in one process, on an embedded broker and database",
    load: () => import("./commands/start.ts"),
  },
  "slave": {
    summary: "Runs one slave: reads meters, seals and sends their readings",
    load: () => import("./commands/slave.ts"),
  },
  "master": {
    summary: "Runs one master: opens frames and journals the readings",
    load: () => import("./commands/master.ts"),
  },
  "masters": {
    summary: "Shows who owns which partition, and what waits there",
    load: () => import("./commands/masters.ts"),
  },
  "billing": {
    summary: "Runs the office: database, billing cycles, bills by mail and SMS",
    load: () => import("./commands/billing.ts"),
  },
  "meter read": {
    summary: "Reads any IEC 62056-21 meter on a serial line",
    load: () => import("./commands/meter_read.ts"),
  },
  "meter enrol": {
    summary: "Makes a meter known and writes its key file for the slave",
    load: () => import("./commands/meter_enrol.ts"),
  },
  "meter list": {
    summary: "Lists the meters that are known",
    load: () => import("./commands/meter_list.ts"),
  },
  "meter show": {
    summary: "Shows one meter: clock, last reading, rejects",
    load: () => import("./commands/meter_show.ts"),
  },
  "meter read-now": {
    summary: "Asks a meter in the field for a reading and waits for it",
    load: () => import("./commands/meter_read_now.ts"),
  },
  "meter rekey": {
    summary: "Gives a meter its next key, over the air or in a file",
    load: () => import("./commands/meter_rekey.ts"),
  },
  "meter exchange": {
    summary: "Notes the exchange of a meter: final reading of the old one, start of the new one",
    load: () => import("./commands/meter_exchange.ts"),
  },
  "meter note": {
    summary: "Corrects a final or start reading that was noted, or notes one that was not",
    load: () => import("./commands/meter_note.ts"),
  },
  "account list": {
    summary: "Lists accounts: who is billed, by which meter",
    load: () => import("./commands/account_list.ts"),
  },
  "account show": {
    summary: "Shows one account: meters, months, balance",
    load: () => import("./commands/account_show.ts"),
  },
  "account open": {
    summary: "A new account from its start reading on, at a meter that is there",
    load: () => import("./commands/account_open.ts"),
  },
  "account close": {
    summary: "Ends an account with its final reading, and bills it for the last time",
    load: () => import("./commands/account_close.ts"),
  },
  "meter simulate": {
    summary: "Runs a meter in software on a socket, to try a slave without hardware",
    load: () => import("./commands/meter_simulate.ts"),
  },
  "reading list": {
    summary: "Lists readings in quarantine, and why",
    load: () => import("./commands/reading_list.ts"),
  },
  "reading show": {
    summary: "Shows one reading: every rule, and who decided what",
    load: () => import("./commands/reading_show.ts"),
  },
  "reading approve": {
    summary: "Lets a reading in quarantine be billed, with a reason",
    load: () => import("./commands/reading_approve.ts"),
  },
  "reading edit": {
    summary: "Gives a reading another value, with a reason",
    load: () => import("./commands/reading_edit.ts"),
  },
  "reading substitute": {
    summary: "Puts a value where there is no reading, with a reason",
    load: () => import("./commands/reading_substitute.ts"),
  },
  "reading reject": {
    summary: "Takes a reading out of billing, with a reason",
    load: () => import("./commands/reading_reject.ts"),
  },
  "reading rules": {
    summary: "Shows the rules of readings, or checks a file of your own",
    load: () => import("./commands/reading_rules.ts"),
  },
  "time query": {
    summary: "Measures this machine's clock against an NTP server",
    load: () => import("./commands/time_query.ts"),
  },
  "time serve": {
    summary: "Answers NTP requests",
    load: () => import("./commands/time_serve.ts"),
  },
  "frame seal": {
    summary: "Seals one frame from JSON on stdin",
    load: () => import("./commands/frame_seal.ts"),
  },
  "frame open": {
    summary: "Opens one frame from JSON on stdin, and says which second fits",
    load: () => import("./commands/frame_open.ts"),
  },
  "frame explain": {
    summary: "Says why a frame opened or did not, and how far off its meter's clock is",
    load: () => import("./commands/frame_explain.ts"),
  },
  "tariff list": {
    summary: "Lists the tariffs and their periods",
    load: () => import("./commands/tariff_list.ts"),
  },
  "tariff show": {
    summary: "Shows one tariff with its slabs and charges",
    load: () => import("./commands/tariff_show.ts"),
  },
  "tariff quote": {
    summary: "Computes what a consumption costs, line by line",
    load: () => import("./commands/tariff_quote.ts"),
  },
  "tariff fac set": {
    summary: "Enters the fuel adjustment (FAC) that was published for a month",
    load: () => import("./commands/tariff_fac_set.ts"),
  },
  "tariff fac list": {
    summary: "Lists the fuel adjustments (FAC) that were entered, month by month",
    load: () => import("./commands/tariff_fac_list.ts"),
  },
  "tariff check": {
    summary: "Checks a tariff file of your own, and names every fault",
    load: () => import("./commands/tariff_check.ts"),
  },
  "bill run": {
    summary: "Closes a month: asks for readings, computes, issues, sends",
    load: () => import("./commands/bill_run.ts"),
  },
  "bill list": {
    summary: "Lists the bills that were issued",
    load: () => import("./commands/bill_list.ts"),
  },
  "bill show": {
    summary: "Shows one bill",
    load: () => import("./commands/bill_show.ts"),
  },
  "bill explain": {
    summary: "Says how a bill came about: readings, frames, checks, slabs, rates",
    load: () => import("./commands/bill_explain.ts"),
  },
  "bill pdf": {
    summary: "Writes one bill as a PDF",
    load: () => import("./commands/bill_pdf.ts"),
  },
  "bill draft": {
    summary: "Drafts of bills: list, show, release, drop",
    load: () => import("./commands/bill_draft.ts"),
  },
  "bill estimate": {
    summary: "Bills a month without a usable reading, by the account's own earlier use",
    load: () => import("./commands/bill_estimate.ts"),
  },
  "bill void": {
    summary: "Voids an issued bill, with a reason",
    load: () => import("./commands/bill_void.ts"),
  },
  "data import": {
    summary: "Takes a CSV file of consumers, meters, installations or readings",
    load: () => import("./commands/data_import.ts"),
  },
  "data template": {
    summary: "Shows the columns of a file for data import, or writes an example",
    load: () => import("./commands/data_template.ts"),
  },
  "data export": {
    summary: "Writes readings, bills or accounts to a file: CSV, or Green Button",
    load: () => import("./commands/data_export.ts"),
  },
  "bill regenerate": {
    summary: "Voids a bill and makes it anew, with a reason",
    load: () => import("./commands/bill_regenerate.ts"),
  },
  "bill credit": {
    summary: "Gives part of a bill back, by a credit note with a reason",
    load: () => import("./commands/bill_credit.ts"),
  },
  "payment record": {
    summary: "Records a payment, once",
    load: () => import("./commands/payment_record.ts"),
  },
  "payment import": {
    summary: "Records a CSV file of payments: all of it, or nothing",
    load: () => import("./commands/payment_import.ts"),
  },
  "payment list": {
    summary: "Lists the payments that were recorded",
    load: () => import("./commands/payment_list.ts"),
  },
  "payment reverse": {
    summary: "Reverses a payment that was none, with a reason",
    load: () => import("./commands/payment_reverse.ts"),
  },
  "account statement": {
    summary: "Shows an account: every entry, the balance after it, and what is open",
    load: () => import("./commands/account_statement.ts"),
  },
  "account arrears": {
    summary: "Lists who is overdue, how much and since when",
    load: () => import("./commands/account_arrears.ts"),
  },
  "account adjust": {
    summary: "Books an opening balance or a correction, with a reason",
    load: () => import("./commands/account_adjust.ts"),
  },
  "account check": {
    summary: "Holds every account's entries against its bills and payments",
    load: () => import("./commands/account_check.ts"),
  },
  "fleet": {
    summary: "Sends a load of simulated meters, and says how fast it was taken",
    load: () => import("./commands/fleet.ts"),
  },
  "notice list": {
    summary: "Lists messages to customers: what is parked, and why",
    load: () => import("./commands/notice_list.ts"),
  },
  "notice show": {
    summary: "Shows one message to a customer: how it stands, why, and who did what",
    load: () => import("./commands/notice_show.ts"),
  },
  "notice retry": {
    summary: "Has a parked message sent anew, or all of them, with a reason",
    load: () => import("./commands/notice_retry.ts"),
  },
  "notice drop": {
    summary: "Gives a message up, with a reason: nothing is sent any more",
    load: () => import("./commands/notice_drop.ts"),
  },
  "notice bounce": {
    summary: "Notes that a mail came back: its address gets no more",
    load: () => import("./commands/notice_bounce.ts"),
  },
  "notice lift": {
    summary: "Lifts the suppression of an address, with a reason",
    load: () => import("./commands/notice_lift.ts"),
  },
  "notice remind": {
    summary: "Reminds a customer of a bill, outside of the quiet hours",
    load: () => import("./commands/notice_remind.ts"),
  },
  "decode": {
    summary: "Makes a payload readable for `nats --translate`",
    load: () => import("./commands/decode.ts"),
  },
  "lab": {
    summary: "Runs the paper's experiment: Caesar, AES and TVES/2, predicted and measured",
    load: () => import("./commands/lab.ts"),
  },
  "lab aes": {
    summary: "Walks one block through AES, with every state on the way",
    load: () => import("./commands/lab_aes.ts"),
  },
  "setup": {
    summary: "Finds or brings the tools that Samay needs",
    load: () => import("./commands/setup.ts"),
  },
  "doctor": {
    summary: "Checks this machine and says what is missing and how to get it",
    load: () => import("./commands/doctor.ts"),
  },
};
