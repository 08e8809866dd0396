/**
 * How far a long piece of work is: a bar on a terminal, one plain line a stage elsewhere. Always on
 * stderr, so that results on stdout stay clean.
 */

export interface Progress {
  /** A new stage starts: one line. */
  stage(text: string): void;
  /** `done` of `total` of the present stage; drawn on a terminal only. */
  update(done: number, total: number, note?: string): void;
  /** `done` where nobody knows of how many; drawn on a terminal only. */
  count(done: number, what: string): void;
  /** Removes the bar. */
  end(): void;
}

interface ProgressOutput {
  write(text: string): void;
  readonly terminal: boolean;
}

const BAR_WIDTH = 28;
/** A bar drawn more often than this only makes a terminal flicker and the work slow. */
const DRAW_EVERY_MS = 80;

const stderr: ProgressOutput = {
  write: (text) => void Deno.stderr.writeSync(new TextEncoder().encode(text)),
  get terminal() {
    return Deno.stderr.isTerminal();
  },
};

/** The bar itself, `[#####.....] 12/30 note`. */
export function bar(done: number, total: number, note = ""): string {
  const share = total > 0 ? Math.min(1, Math.max(0, done / total)) : 0;
  const filled = Math.round(share * BAR_WIDTH);
  const drawn = "#".repeat(filled) + ".".repeat(BAR_WIDTH - filled);
  return `[${drawn}] ${done}/${total}${note === "" ? "" : ` ${note}`}`;
}

/** Progress on `output`, stderr unless a test looks on. */
export function createProgress(
  output: ProgressOutput = stderr,
  now_ms: () => number = () => performance.now(),
): Progress {
  let drawn = false;
  let last_ms = -Infinity;
  const wipe = () => {
    if (drawn) output.write("\r\x1b[2K");
    drawn = false;
  };
  const draw = (text: string) => {
    output.write(`\r\x1b[2K${text}`);
    drawn = true;
  };
  return {
    stage(text) {
      wipe();
      output.write(`${text}\n`);
      last_ms = -Infinity;
    },
    update(done, total, note) {
      if (!output.terminal) return;
      const now = now_ms();
      if (done < total && now - last_ms < DRAW_EVERY_MS) return;
      last_ms = now;
      draw(bar(done, total, note));
    },
    count(done, what) {
      if (!output.terminal) return;
      const now = now_ms();
      if (now - last_ms < DRAW_EVERY_MS) return;
      last_ms = now;
      draw(`${done} ${what}`);
    },
    end: wipe,
  };
}
