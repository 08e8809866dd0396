/**
 * The set-up: finds what Samay needs and brings what is not there. Run as often as you like; when all
 * is there it takes a moment. Nothing optional that cannot be had is an error.
 */
import type { Progress } from "../terminal/progress.ts";
import { findAvr, howToGetAvr, installAvr } from "./avr.ts";
import { bringTool, howToGet } from "./bring.ts";
import { installDependencies, missingFonts } from "./dependencies.ts";
import { withLock } from "./lock.ts";
import { toolsDir } from "./places.ts";
import { warmModules } from "./warm.ts";
import { natsCli, natsServer, type ToolPin } from "./versions.ts";

export interface StepResult {
  readonly part: string;
  readonly ok: boolean;
  /** The product cannot do its main job without it. */
  readonly essential: boolean;
  /** Version and place, or what goes without it and the command that would get it. */
  readonly detail: string;
}

async function fontsStep(progress: Progress): Promise<StepResult> {
  const result = { part: "fonts", essential: true };
  if ((await missingFonts()).length > 0) {
    progress.stage("  fonts: deno install ...");
    try {
      await installDependencies();
    } catch (error) {
      const reason = (error as Error).message;
      return { ...result, ok: false, detail: `no bill can be printed (${reason}); deno install` };
    }
  }
  return { ...result, ok: true, detail: "Noto Sans and Noto Sans Devanagari (npm)" };
}

async function modulesStep(progress: Progress): Promise<StepResult> {
  const reason = await warmModules(() => progress.stage("  modules: first load ..."));
  const detail = reason === undefined
    ? "loaded once, compiled"
    : `the first load failed: ${reason}`;
  return { part: "modules", essential: false, ok: reason === undefined, detail };
}

async function toolStep(pin: ToolPin, essential: boolean, progress: Progress) {
  const found = await bringTool(pin, progress);
  const detail = found === undefined
    ? `${essential ? "nothing runs" : "its tests skip"} without it; ${howToGet(pin)}`
    : `${found.version} ${found.path}`;
  return { part: pin.name, essential, ok: found !== undefined, detail };
}

async function avrStep(progress: Progress): Promise<StepResult> {
  const result = { part: "AVR toolchain, simavr", essential: false };
  const before = await findAvr();
  if (before.path !== undefined) return { ...result, ok: true, detail: before.path };
  progress.stage(`  AVR toolchain: missing ${before.missing.join(", ")}; installing packages ...`);
  try {
    await installAvr();
    return { ...result, ok: true, detail: (await findAvr()).path ?? "" };
  } catch (error) {
    const reason = (error as Error).message;
    progress.stage(`  AVR toolchain: failed: ${reason}`);
    return { ...result, ok: false, detail: `software meters only without it; ${howToGetAvr()}` };
  }
}

/** Every step, in order. Throws nothing for a tool that cannot be had: the result says it. */
export async function setUp(progress: Progress): Promise<StepResult[]> {
  const waiting = () => progress.stage("set-up: another one is at work here; waiting for it ...");
  return await withLock(toolsDir, waiting, async () => {
    const results = [
      await fontsStep(progress),
      await modulesStep(progress),
      await toolStep(natsServer, true, progress),
      await toolStep(natsCli, false, progress),
      await avrStep(progress),
    ];
    progress.end();
    return results;
  });
}
