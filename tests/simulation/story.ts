/** What happened in a world, in plain words: kept only when somebody wants to read it. */

/** Lines that are kept: enough to see how the last takeover came about. */
const KEPT = 60;

export class Story {
  readonly #kept: string[] = [];
  #hash = 0x811c9dc5;
  readonly told: boolean;

  /** Not told, a story costs nothing: a seed that fails is run again to be told. */
  constructor(told: boolean) {
    this.told = told;
  }

  /** The last lines, oldest first. */
  get lines(): readonly string[] {
    return this.#kept;
  }

  /** A fingerprint of every line, those that are not kept included. */
  get hash(): string {
    return (this.#hash >>> 0).toString(16).padStart(8, "0");
  }

  tell(at_ms: number, who: string, what: string): void {
    if (!this.told) return;
    const line = `${(at_ms / 1_000).toFixed(3).padStart(9)} s  ${who.padEnd(12)} ${what}`;
    for (let i = 0; i < line.length; i++) {
      this.#hash = Math.imul(this.#hash ^ line.charCodeAt(i), 0x01000193);
    }
    this.#kept.push(line);
    if (this.#kept.length > KEPT) this.#kept.shift();
  }
}
