/** `samay masters`: who owns which partition, and how far each has come. */
import type { MasterLine, MastersView, PartitionLine } from "../../office/masters.ts";
import { inIndia } from "../../../protocol/indian_time.ts";
import type { Command, ParsedArguments } from "../command.ts";
import { counted } from "../counted.ts";
import { formatTable, terminalWidth } from "../table.ts";

export const command: Command = {
  name: "masters",
  summary: "Shows who owns which partition, and what waits there",
  options: {
    json: { type: "boolean", help: "One JSON document; lag in frames" },
  },
  help:
    `Asks the broker itself, so it works when no master and no office answers. Lag is what lies in
FRAMES behind the journal's cursor; opened, trials and rejects count from when the owner took the
partition. A partition that nobody works on is marked.

The same with the NATS CLI:
  nats kv ls samay_owners
  nats kv get samay_owners partition.07 --raw
  nats stream get JOURNAL --last-for samay.journal.meter.07`,
  async run({ values }: ParsedArguments) {
    const { configurationOf } = await import("../../configuration/roles.ts");
    const { connect } = await import("../../jetstream/connection.ts");
    const { linkOptions } = await import("../../roles/link.ts");
    const { viewMasters } = await import("../../office/masters.ts");
    const { LEASE_MS } = await import("../../masters/partition_holder.ts");
    const broker = await connect(linkOptions(configurationOf("operator"), "operator"));
    try {
      const view = await viewMasters(broker, Date.now(), LEASE_MS);
      console.log(values.json === true ? JSON.stringify(view) : textOf(view));
    } finally {
      await broker.close();
    }
    return 0;
  },
};

const right = "right" as const;

function textOf(view: MastersView): string {
  const { masters, partitions, totals } = view;
  const parts = [
    masters.length === 0 ? "No master has said that it lives." : mastersTable(masters),
    partitionsTable(partitions),
    `${counted(totals.masters, "master")} live, ` +
    `${counted(totals.without_owner, "partition")} without an owner, ` +
    `${counted(totals.lag, "frame")} waiting, ${totals.opened} opened with ` +
    `${totals.trials_mean ?? "no"} trials each, ${totals.rejected} rejected`,
  ];
  return parts.join("\n\n");
}

function mastersTable(masters: readonly MasterLine[]): string {
  const columns = [
    { title: "Master" },
    { title: "Last seen" },
    { title: "Started" },
    { title: "Partitions", align: right },
    { title: "Opened", align: right },
    { title: "Trials", align: right },
    { title: "Rejects", flexible: true },
  ];
  const rows = masters.map((one) => [
    one.instance,
    one.alive ? `${one.last_seen_s} s ago` : `DEAD, ${one.last_seen_s} s ago`,
    one.started === null ? "" : inIndia(one.started),
    String(one.partitions),
    String(one.opened),
    String(one.trials_mean ?? ""),
    Object.entries(one.rejected).map(([reason, count]) => `${reason} ${count}`).join(", ") || "0",
  ]);
  return formatTable(columns, rows, { width: terminalWidth() });
}

function partitionsTable(partitions: readonly PartitionLine[]): string {
  const columns = [
    { title: "Partition", align: right },
    { title: "Owner" },
    { title: "Epoch", align: right },
    { title: "Lag", align: right },
    { title: "Opened", align: right },
    { title: "Trials", align: right },
    { title: "Rejects", align: right },
    { title: "Last frame" },
  ];
  const rows = partitions.map((one) => [
    String(one.partition).padStart(2, "0"),
    one.owner ?? "NOBODY",
    String(one.epoch),
    String(one.lag),
    String(one.opened ?? ""),
    String(one.trials_mean ?? ""),
    String(one.rejected ?? ""),
    one.last_arrival === null ? "" : inIndia(one.last_arrival),
  ]);
  return formatTable(columns, rows, { width: terminalWidth() });
}
