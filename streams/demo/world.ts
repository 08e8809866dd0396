/** Everything that the demo starts, in one place, so that all of it ends again. */
import { createMailer } from "../delivery/mail.ts";
import { createTexter } from "../delivery/sms.ts";
import { type LocalSmtp, startLocalSmtp } from "../delivery/local/smtp.ts";
import { type LocalTwilio, startLocalTwilio } from "../delivery/local/twilio.ts";
import { connect, type NatsBroker } from "../jetstream/connection.ts";
import { loadKek } from "../office/kek.ts";
import { type RunningBillingRole, startBillingRole } from "../roles/billing_role.ts";
import { type RunningMasterRole, startMasterRole } from "../roles/master_role.ts";
import { startOwnBroker } from "../roles/own_broker.ts";
import { createLog, type Log } from "../terminal/log.ts";

export interface DemoWorld {
  readonly broker: NatsBroker;
  readonly brokerUrl: string;
  readonly master: RunningMasterRole;
  readonly billing: RunningBillingRole;
  readonly smtp: LocalSmtp;
  readonly twilio: LocalTwilio;
  readonly billsDir: string;
  readonly log: Log;
  /** Stopped in the opposite order, whatever happens. */
  readonly started: { stop(): Promise<void> }[];
}

/** No bank has this UPI ID: the code on a demo's bill pays nobody. */
export const UTILITY = {
  name: "Samay Vidyut",
  name_mr: "समय विद्युत",
  upi_id: "samay.vidyut@example",
};

/** Twilio's own description of its calls, where somebody has put it. */
const TWILIO_DOCUMENT = new URL("../../../shared/data/twilio_api_v2010.json", import.meta.url);

/**
 * Starts broker, master, database, billing, and the two servers that stand for the outside world.
 * `dataDir` is emptied first. What the roles log goes to `dataDir/demo.log`.
 */
export async function startWorld(
  dataDir: string,
  started: DemoWorld["started"],
): Promise<DemoWorld> {
  await Deno.remove(dataDir, { recursive: true }).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  await Deno.mkdir(dataDir, { recursive: true });
  const log = await fileLog(`${dataDir}/demo.log`, started);
  const keep = <T extends { stop(): Promise<void> }>(part: T): T => {
    started.push(part);
    return part;
  };
  const process = keep(await startOwnBroker(dataDir, 0));
  const link = async (name: string) => {
    const broker = await connect({ url: process.url, name, log });
    started.push({ stop: () => broker.close() });
    return broker;
  };
  const smtp = keep(await startLocalSmtp());
  const twilio = keep(
    await startLocalTwilio({
      documentPath: TWILIO_DOCUMENT.pathname,
      say: (line) => log.info(line),
    }),
  );
  const kek = await loadKek({ dataDir, make: true });
  const master = keep(
    await startMasterRole({ broker: await link("master"), name: "master", kek, log }),
  );
  const billsDir = `${dataDir}/bills`;
  const billing = keep(
    await startBillingRole({
      broker: await link("billing"),
      dataDir,
      billsDir,
      kek,
      mail: createMailer({ url: smtp.url, from: "Samay Vidyut <bills@samay.example>" }),
      sms: createTexter({
        account_sid: twilio.account_sid,
        auth_token: twilio.auth_token,
        sender: { from: "+15005550006" },
        base_url: twilio.url,
      }),
      utility: UTILITY,
      month_end: false, // The demo closes its month itself.
      log,
    }),
  );
  const broker = await link("demo");
  return { broker, brokerUrl: process.url, master, billing, smtp, twilio, billsDir, log, started };
}

async function fileLog(path: string, started: DemoWorld["started"]): Promise<Log> {
  const file = await Deno.open(path, { create: true, append: true });
  const encoder = new TextEncoder();
  started.push({
    stop: () => {
      file.close();
      return Promise.resolve();
    },
  });
  return createLog("demo", (line) => void file.writeSync(encoder.encode(`${line}\n`)));
}
