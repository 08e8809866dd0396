/** Room for unwrapped keys: many in one piece, since a million pieces cost more than what is in them. */
import { HEAD_END_KEY_BYTES, type KeyPlace } from "../../protocol/tves/keys.ts";

const PLACES_A_PIECE = 1_024;

export class KeyMemory {
  readonly #free: KeyPlace[] = [];
  #piece = new Uint8Array(0);
  #next = 0;

  take(): KeyPlace {
    const free = this.#free.pop();
    if (free) return free;
    if (this.#next === this.#piece.length) {
      this.#piece = new Uint8Array(PLACES_A_PIECE * HEAD_END_KEY_BYTES);
      this.#next = 0;
    }
    const place = { bytes: this.#piece, offset: this.#next };
    this.#next += HEAD_END_KEY_BYTES;
    return place;
  }

  /** The keys that lay there are gone; the place is taken again before there is a new one. */
  give({ bytes, offset }: KeyPlace): void {
    bytes.fill(0, offset, offset + HEAD_END_KEY_BYTES);
    this.#free.push({ bytes, offset });
  }
}
