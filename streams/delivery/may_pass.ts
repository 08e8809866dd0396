/** Failures of the database and of the disk while a bill is delivered. */
import { RetryableError, TerminalError } from "../../protocol/errors.ts";
import { isDataFault } from "../database/faults.ts";

const AFTER_MS = 5_000;

/**
 * `work`'s result. A failure that is neither sorted already, nor the data's own fault, nor a mistake
 * in the program, is a database or a disk in trouble: nobody's bill is lost for that, it may pass.
 */
export async function mayPass<T>(what: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const sorted = error instanceof RetryableError || error instanceof TerminalError;
    const mistake = error instanceof TypeError || error instanceof RangeError;
    if (sorted || mistake || isDataFault(error)) throw error;
    throw new RetryableError(`${what}: ${(error as Error).message}`, AFTER_MS, { cause: error });
  }
}
