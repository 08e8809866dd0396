/** HarfBuzz: from letters to glyphs in their places, and fonts cut down to the glyphs of a page. */
import { Blob, Buffer, Face, Font, shape } from "harfbuzzjs";
import { createRequire } from "node:module";

/** A glyph in its place; lengths in the font's units. */
export interface Glyph {
  readonly id: number;
  /** Index of the first UTF-16 unit of the letters that it stands for. */
  readonly cluster: number;
  readonly advance: number;
  readonly x: number;
  readonly y: number;
}

export interface Shaper {
  readonly units_per_em: number;
  /** The glyphs of a text of one script, from left to right. */
  shape(text: string): Glyph[];
}

/** Shapes with the font file `font`. */
export function createShaper(font: Uint8Array<ArrayBuffer>): Shaper {
  const face = new Face(new Blob(font.slice().buffer));
  const shaped = new Font(face);
  const buffer = new Buffer();
  return {
    units_per_em: face.upem,
    shape(text) {
      buffer.reset();
      buffer.addText(text);
      buffer.guessSegmentProperties();
      shape(shaped, buffer);
      const positions = buffer.getGlyphPositions();
      return buffer.getGlyphInfos().map(({ codepoint, cluster }, i) => {
        const { xAdvance, xOffset, yOffset } = positions[i]!;
        return { id: codepoint, cluster, advance: xAdvance, x: xOffset, y: yOffset };
      });
    },
  };
}

/** Of HarfBuzz's module for subsetting, which has no wrapper in JavaScript: what is called here. */
interface SubsetModule {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  malloc(bytes: number): number;
  hb_blob_create(data: number, length: number, mode: number, user: number, destroy: number): number;
  hb_blob_destroy(blob: number): void;
  hb_blob_get_data(blob: number, length: number): number;
  hb_blob_get_length(blob: number): number;
  hb_face_create(blob: number, index: number): number;
  hb_face_destroy(face: number): void;
  hb_face_reference_blob(face: number): number;
  hb_set_add(set: number, value: number): void;
  hb_subset_input_create_or_fail(): number;
  hb_subset_input_destroy(input: number): void;
  hb_subset_input_glyph_set(input: number): number;
  hb_subset_input_set(input: number, which: number): number;
  hb_subset_input_set_flags(input: number, flags: number): void;
  hb_subset_or_fail(face: number, input: number): number;
}

/** HB_SUBSET_FLAGS_NO_HINTING and _RETAIN_GIDS: glyphs keep their numbers. */
const FLAGS = 0x1 | 0x2;
const MEMORY_MODE_WRITABLE = 2;
const SET_DROP_TABLES = 3;
/** What shapes, names and maps: none of it is needed to draw glyphs by number. */
const DROPPED = ["GSUB", "GPOS", "GDEF", "OS/2", "name", "post", "cmap", "STAT", "gasp", "prep"];

export interface Subsetter {
  /** The font with only the glyphs `ids`, under the numbers that they have in the whole font. */
  subset(ids: Iterable<number>): Uint8Array<ArrayBuffer>;
}

let module: SubsetModule | undefined;

function subsetModule(): SubsetModule {
  if (module !== undefined) return module;
  const path = createRequire(import.meta.url).resolve("harfbuzzjs/dist/harfbuzz-subset.wasm");
  const instance = new WebAssembly.Instance(new WebAssembly.Module(Deno.readFileSync(path)));
  module = instance.exports as unknown as SubsetModule;
  module._initialize();
  return module;
}

/** Cuts down the font file `font`, which stays in the module's memory for as long as the process. */
export function createSubsetter(font: Uint8Array): Subsetter {
  const hb = subsetModule();
  const data = hb.malloc(font.length);
  new Uint8Array(hb.memory.buffer).set(font, data);
  const whole = hb.hb_blob_create(data, font.length, MEMORY_MODE_WRITABLE, 0, 0);
  const face = hb.hb_face_create(whole, 0);
  return {
    subset(ids) {
      const input = hb.hb_subset_input_create_or_fail();
      const glyphs = hb.hb_subset_input_glyph_set(input);
      for (const id of ids) hb.hb_set_add(glyphs, id);
      const dropped = hb.hb_subset_input_set(input, SET_DROP_TABLES);
      for (const tag of DROPPED) hb.hb_set_add(dropped, tagOf(tag));
      hb.hb_subset_input_set_flags(input, FLAGS);
      const cut = hb.hb_subset_or_fail(face, input);
      hb.hb_subset_input_destroy(input);
      if (cut === 0) throw new Error("HarfBuzz could not cut a font down to its glyphs");
      const blob = hb.hb_face_reference_blob(cut);
      const from = hb.hb_blob_get_data(blob, 0);
      const bytes = new Uint8Array(hb.memory.buffer)
        .slice(from, from + hb.hb_blob_get_length(blob));
      hb.hb_blob_destroy(blob);
      hb.hb_face_destroy(cut);
      return bytes;
    },
  };
}

/** Four letters as the number that OpenType makes of them. */
function tagOf(letters: string): number {
  return [...letters].reduce((tag, letter) => tag * 256 + letter.charCodeAt(0), 0);
}
