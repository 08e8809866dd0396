/** A local Twilio endpoint for one test, checking against Twilio's own document where it is there. */
import {
  type LocalTwilio,
  type LocalTwilioOptions,
  startLocalTwilio,
} from "../../streams/delivery/local/twilio.ts";

const DOCUMENT = new URL("../../../shared/data/twilio_api_v2010.json", import.meta.url).pathname;

/** Runs `body` with an endpoint on a free loopback port; ends it afterwards. */
export async function withTwilio(
  body: (server: LocalTwilio) => Promise<void>,
  options: LocalTwilioOptions = {},
): Promise<void> {
  const server = await startLocalTwilio({
    ...options,
    documentPath: DOCUMENT,
    say: (line) => console.error(line),
  });
  try {
    await body(server);
  } finally {
    await server.stop();
  }
}
