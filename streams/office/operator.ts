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
  return await asOperator((ask) => ask(verb, input, timeout_ms));
}

/** One question over a connection that stands. */
export type Ask = (verb: string, input: unknown, timeout_ms?: number) => Promise<unknown>;

/** Many questions over one connection, which is closed when `work` has ended. */
export async function asOperator<T>(work: (ask: Ask) => Promise<T>): Promise<T> {
  const broker = await connect(linkOptions(configurationOf("operator"), "operator"));
  try {
    return await work((verb, input, timeout_ms) => askOffice(broker, verb, input, timeout_ms));
  } finally {
    await broker.close();
  }
}
