/** One question to the office from the command line: connect, ask, go. */
import { configurationOf } from "../configuration/roles.ts";
import { connect } from "../jetstream/connection.ts";
import { linkOptions } from "../roles/link.ts";
import { askOffice } from "./client.ts";

/**
 * The office's result for `input`, by the broker that the environment names. Throws `Failure` or
 * `TerminalError` for people.
 */
export async function askAsOperator(
  verb: string,
  input: unknown,
  timeout_ms?: number,
): Promise<unknown> {
  const broker = await connect(linkOptions(configurationOf("operator"), "operator"));
  try {
    return await askOffice(broker, verb, input, timeout_ms);
  } finally {
    await broker.close();
  }
}
