/** One question to the office from the command line: connect, ask, go. */
import { configurationOf } from "../configuration/roles.ts";
import { connect } from "../jetstream/connection.ts";
import { askOffice } from "./client.ts";

/** Where `deno task start` has its broker when nothing else is said. */
const LOCAL = "nats://127.0.0.1:4222";

/**
 * The office's result for `input`, by the broker that the environment names. Throws `Failure` or
 * `TerminalError` for people.
 */
export async function askAsOperator(
  verb: string,
  input: unknown,
  timeout_ms?: number,
): Promise<unknown> {
  const { natsUrl, natsUser, natsPassword, natsCredsFile, natsCaFile } = configurationOf(
    "operator",
  );
  const broker = await connect({
    url: natsUrl ?? LOCAL,
    name: "samay-operator",
    user: natsUser,
    password: natsPassword,
    credsFile: natsCredsFile,
    caFile: natsCaFile,
  });
  try {
    return await askOffice(broker, verb, input, timeout_ms);
  } finally {
    await broker.close();
  }
}
