/** A local SMTP server for one test. */
import { type LocalSmtp, startLocalSmtp } from "../../streams/delivery/local/smtp.ts";

/** Runs `body` with a server on a free loopback port; ends it afterwards. */
export async function withSmtp(body: (server: LocalSmtp) => Promise<void>): Promise<void> {
  const server = await startLocalSmtp();
  try {
    await body(server);
  } finally {
    await server.stop();
  }
}
