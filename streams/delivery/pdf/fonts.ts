/**
 * The fonts of the bill, out of two npm packages: Noto Sans and Noto Sans Devanagari (SIL Open Font
 * License 1.1). The bill so looks the same on every machine, and none needs a font installed.
 */
import { createRequire } from "node:module";
import { TerminalError } from "../../../protocol/errors.ts";

const FILES = [
  "@expo-google-fonts/noto-sans/400Regular/NotoSans_400Regular.ttf",
  "@expo-google-fonts/noto-sans/600SemiBold/NotoSans_600SemiBold.ttf",
  "@expo-google-fonts/noto-sans-devanagari/400Regular/NotoSansDevanagari_400Regular.ttf",
  "@expo-google-fonts/noto-sans-devanagari/600SemiBold/NotoSansDevanagari_600SemiBold.ttf",
] as const;

/** The bytes of every font file, in a fixed order. Throws `TerminalError` naming what is missing. */
export function readFonts(): Uint8Array<ArrayBuffer>[] {
  // Node's own resolution finds the files wherever the packages are: beside us, or in a store above.
  const { resolve } = createRequire(import.meta.url);
  return FILES.map((file) => {
    try {
      return Deno.readFileSync(resolve(file));
    } catch (error) {
      throw new TerminalError(
        `Font ${file} cannot be read (${(error as Error).message}). Run: deno install`,
      );
    }
  });
}
