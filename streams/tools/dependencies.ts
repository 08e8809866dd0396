/** The npm packages of deno.json: most are brought by the first import, the fonts by no import. */
import { createRequire } from "node:module";
import { execute } from "./execute.ts";
import { exists, projectDir } from "./places.ts";

const INSTALL_LIMIT_MS = 300_000;

/** One file a font package, which stands for the package. */
const FONTS = [
  "@expo-google-fonts/noto-sans/400Regular/NotoSans_400Regular.ttf",
  "@expo-google-fonts/noto-sans-devanagari/400Regular/NotoSansDevanagari_400Regular.ttf",
] as const;

/** The fonts that cannot be found. */
export async function missingFonts(): Promise<string[]> {
  const { resolve } = createRequire(import.meta.url);
  const missing: string[] = [];
  for (const font of FONTS) {
    let path: string | undefined;
    try {
      path = resolve(font);
    } catch (error) {
      if ((error as { code?: string }).code !== "MODULE_NOT_FOUND") throw error;
    }
    if (path === undefined || !(await exists(path))) missing.push(font.split("/")[1]!);
  }
  return missing;
}

/** Installs every package of deno.json as deno.lock has it. Throws `Error` in one line. */
export async function installDependencies(): Promise<void> {
  const done = await execute(Deno.execPath(), ["install", "--frozen"], {
    limit_ms: INSTALL_LIMIT_MS,
    cwd: projectDir,
    env: { NO_COLOR: "1" },
  });
  if (!done.ok) throw new Error(`deno install: ${done.lastLine}`);
  const missing = await missingFonts();
  if (missing.length > 0) throw new Error(`still missing: ${missing.join(", ")}`);
}
