/** The verbs of the billing room. */
import { billPdf } from "./bill_pdf.ts";
import { billAccount, billPreview, billProgress, billRun, billStatus } from "./bill_run.ts";
import { billExplain, billList, billShow } from "./bill_show.ts";
import { billRegenerate } from "./bill_regenerate.ts";
import { billVoid } from "./bill_void.ts";
import type { Verbs } from "./office.ts";

export const billVerbs: Verbs = {
  "bill-run": billRun,
  "bill-preview": billPreview,
  "bill-account": billAccount,
  "bill-progress": billProgress,
  "bill-status": billStatus,
  "bill-show": billShow,
  "bill-explain": billExplain,
  "bill-list": billList,
  "bill-pdf": billPdf,
  "bill-void": billVoid,
  "bill-regenerate": billRegenerate,
};
