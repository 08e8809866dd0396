/** The command line of Samay: `samay <command>`. What there is stands in the registry. */
import project from "./deno.json" with { type: "json" };
import { runProgram } from "./streams/terminal/program.ts";

if (import.meta.main) Deno.exit(await runProgram(Deno.args, { version: project.version }));
