/** The way to the broker, as a role's configuration has it. */
import type { BrokerOptions } from "../jetstream/connection.ts";

/** Where `deno task start` has its broker when nothing else is said. */
export const BROKER_URL_DEFAULT = "nats://127.0.0.1:4222";

interface LinkConfiguration {
  readonly natsUrl?: string | undefined;
  readonly natsUser?: string | undefined;
  readonly natsPassword?: string | undefined;
  readonly natsCredsFile?: string | undefined;
  readonly natsCaFile?: string | undefined;
}

/** Options of `connect()`; `name` is what operators see in the broker's list of connections. */
export function linkOptions(configuration: LinkConfiguration, name: string): BrokerOptions {
  return {
    url: configuration.natsUrl ?? BROKER_URL_DEFAULT,
    name,
    user: configuration.natsUser,
    password: configuration.natsPassword,
    credsFile: configuration.natsCredsFile,
    caFile: configuration.natsCaFile,
  };
}
