/** `samay notice show`: one message to a customer. */
import type { NoticeSheet } from "../../delivery/notice_text.ts";
import type { Command } from "../command.ts";
import { givenNotice } from "../given_deed.ts";

export const command: Command = {
  name: "notice show",
  summary: "Shows one message to a customer: how it stands, why, and who did what",
  positionals: { usage: "NOTICE", min: 1, max: 1 },
  options: { json: { type: "boolean", help: "One JSON document" } },
  help: `Asks the running head-end. The number is that of samay notice list.

  samay notice show 17`,
  async run({ values, positionals }) {
    const notice = givenNotice(positionals[0]);
    const { askAsOperator } = await import("../../office/operator.ts");
    const { noticeText } = await import("../../delivery/notice_text.ts");
    const sheet = await askAsOperator("notice-show", { notice }) as NoticeSheet;
    console.log(values.json === true ? JSON.stringify(sheet) : noticeText(sheet));
    return 0;
  },
};
