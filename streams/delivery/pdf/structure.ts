/**
 * What the parts of a page are, for those who hear it read: headings, tables, pictures with words in
 * their place (ISO 32000-1 section 14.7 and 14.8).
 */
import { type PdfFile, pdfText } from "./pdf_file.ts";

export type Role =
  | "Document"
  | "H1"
  | "H2"
  | "P"
  | "Table"
  | "TR"
  | "TH"
  | "TD"
  | "Figure"
  | "Link"
  | "Note";

export interface ElementOptions {
  /** Words in place of a picture. */
  readonly alt?: string;
  /** What a heading of a table heads. */
  readonly scope?: "Row" | "Column";
  /** Columns that a cell takes. */
  readonly columns?: number;
}

/** A piece of a page's content, by its number there; or an annotation of the page. */
type Piece =
  | { readonly page: number; readonly content: number }
  | { readonly page: number; readonly annotation: number };

interface Element {
  readonly role: Role;
  readonly options: ElementOptions;
  readonly kids: (Element | Piece)[];
}

export interface Structure {
  /** Runs `draw`: what it draws belongs to a new element. */
  element(role: Role, options: ElementOptions, draw: () => void): void;
  /** The role of the element that is open. */
  readonly role: Role;
  /** A piece of content of `page` in the open element: its number. */
  content(page: number): number;
  /** The annotation number `annotation` of all pages belongs to the open element. */
  annotation(page: number, annotation: number): void;
  /** Writes the tree; the number of its root. Pages and annotations are known by their objects. */
  write(file: PdfFile, pages: readonly number[], annotations: readonly number[]): number;
}

/** A document without parts. Pages have the keys 0, 1, ... in the tree of parents, annotations follow. */
export function createStructure(): Structure {
  const root: Element = { role: "Document", options: {}, kids: [] };
  const open = [root];
  const counts: number[] = [];
  return {
    element(role, options, draw) {
      const element = { role, options, kids: [] };
      open.at(-1)!.kids.push(element);
      open.push(element);
      draw();
      open.pop();
    },
    get role() {
      return open.at(-1)!.role;
    },
    content(page) {
      const content = counts[page] ?? 0;
      counts[page] = content + 1;
      open.at(-1)!.kids.push({ page, content });
      return content;
    },
    annotation: (page, annotation) => void open.at(-1)!.kids.push({ page, annotation }),
    write: (file, pages, annotations) => writeTree(root, file, pages, annotations),
  };
}

function writeTree(
  root: Element,
  file: PdfFile,
  pages: readonly number[],
  annotations: readonly number[],
): number {
  const tree = file.reserve();
  const parents: number[][] = pages.map(() => []);
  const holders: number[] = [];
  const write = ({ role, options, kids }: Element, parent: number): number => {
    const number = file.reserve();
    const parts = kids.map((kid) => {
      if ("role" in kid) return `${write(kid, number)} 0 R`;
      if ("annotation" in kid) {
        holders[kid.annotation] = number;
        const [page, object] = [pages[kid.page], annotations[kid.annotation]];
        return `<</Type/OBJR/Pg ${page} 0 R/Obj ${object} 0 R>>`;
      }
      parents[kid.page]![kid.content] = number;
      return `<</Type/MCR/Pg ${pages[kid.page]} 0 R/MCID ${kid.content}>>`;
    });
    // Nearly every element has one piece of content: said in the short form.
    const [first] = kids;
    const single = kids.length === 1 && first !== undefined && "content" in first
      ? `/Pg ${pages[first.page]} 0 R/K ${first.content}`
      : undefined;
    const alt = options.alt === undefined ? "" : `/Alt ${pdfText(options.alt)}`;
    file.add(
      `<</S/${role}/P ${parent} 0 R${alt}${attributesOf(options)}${
        single ?? `/K[${parts.join(" ")}]`
      }>>`,
      number,
    );
    return number;
  };
  const document = write(root, tree);
  const rows = [
    ...parents.map((numbers, i) => `${i}[${numbers.map((n) => `${n} 0 R`).join(" ")}]`),
    ...holders.map((number, i) => `${pages.length + i} ${number} 0 R`),
  ];
  const parentTree = file.add(`<</Nums[${rows.join("")}]>>`);
  file.add(
    `<</Type/StructTreeRoot/K[${document} 0 R]/ParentTree ${parentTree} 0 R` +
      `/ParentTreeNextKey ${rows.length}>>`,
    tree,
  );
  return tree;
}

function attributesOf({ scope, columns = 1 }: ElementOptions): string {
  if (scope === undefined && columns === 1) return "";
  const span = columns === 1 ? "" : `/ColSpan ${columns}`;
  return `/A<</O/Table${scope === undefined ? "" : `/Scope/${scope}`}${span}>>`;
}
