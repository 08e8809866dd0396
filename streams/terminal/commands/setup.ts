import { createProgress } from "../progress.ts";
import { type Command, Failure } from "../command.ts";
import { setUp } from "../../tools/setup.ts";

export const command: Command = {
  name: "setup",
  summary: "Finds or brings the tools that Samay needs",
  options: {
    json: { type: "boolean", help: "Prints the result as JSON" },
  },
  help: `Looks for nats-server, the nats CLI, the AVR toolchain with simavr, and the fonts, and
brings what is missing: into .tools/ where it can, else through the system's
package manager (apt-get as root or with sudo that asks nothing; Homebrew).
Downloads are used only if their SHA-256 is the pinned one. Safe to run again.

Without nats-server nothing runs (exit 1); without the others it says what goes
without them, and the command that would get them.

Example
  deno task setup`,
  async run({ values }) {
    const progress = createProgress();
    const results = await setUp(progress);
    if (values.json === true) console.log(JSON.stringify(results));
    else {
      for (const { part, ok, detail } of results) {
        progress.stage(`set-up: ${part}: ${ok ? "" : "missing: "}${detail}`);
      }
    }
    const lost = results.filter((result) => result.essential && !result.ok);
    if (lost.length > 0) {
      const parts = lost.map(({ part, detail }) => `${part}: ${detail}`).join("; ");
      throw new Failure(`set-up could not bring ${parts}`);
    }
    return 0;
  },
};
