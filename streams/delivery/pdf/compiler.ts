/** The Typst compiler: the only file that knows the library which carries it. */
import { Buffer } from "node:buffer";
import { NodeCompiler } from "@myriaddreamin/typst-ts-node-compiler";
import { TerminalError } from "../../../protocol/errors.ts";

/** Documents after which what the compiler remembers is thinned out: memory stays flat over a run. */
const DOCUMENTS_BETWEEN_EVICTIONS = 64;
/** Evictions that an unused result outlives. */
const CACHE_AGE_MAX = 1;

export interface TypstCompiler {
  /** The PDF of `template` with `data` (JSON text) in `sys.inputs.data`. Synchronous, some 20 ms. */
  pdf(template: string, data: string): Uint8Array;
}

/** A compiler that sees the given fonts, and neither files nor packages. */
export function createCompiler(fonts: readonly Uint8Array[]): TypstCompiler {
  const compiler = NodeCompiler.create({
    fontArgs: [{ fontBlobs: fonts.map((font) => Buffer.from(font)) }],
  });
  let documents = 0;
  return {
    pdf(template, data) {
      const result = compiler.compile({ mainFileContent: template, inputs: { data } });
      const document = result.result;
      if (document === null) {
        const fault = result.takeDiagnostics();
        throw new TerminalError(
          `The bill's template does not compile: ${
            JSON.stringify(fault?.shortDiagnostics ?? "no reason given").slice(0, 500)
          }`,
        );
      }
      const bytes = compiler.pdf(document);
      if (++documents % DOCUMENTS_BETWEEN_EVICTIONS === 0) compiler.evictCache(CACHE_AGE_MAX);
      return new Uint8Array(bytes);
    },
  };
}
