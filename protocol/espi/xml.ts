/** XML as text: what is put between tags is always escaped. Pure. */

// What XML 1.0 cannot carry at all, not even escaped.
// deno-lint-ignore no-control-regex
const FORBIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;
const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** `text` as content or attribute; characters that XML has no place for become U+FFFD. */
export function escapeXml(text: string): string {
  return text.toWellFormed().replaceAll(FORBIDDEN, "\ufffd")
    .replaceAll(/[&<>"']/g, (character) => ESCAPES[character]!);
}

/** `<name>content</name>`, of content that is XML already; nothing where there is none. */
export function element(name: string, content: string | number | undefined): string {
  return content === undefined ? "" : `<${name}>${content}</${name}>`;
}

/** `<name>text</name>`, escaped, cut to `max` characters. */
export function textElement(name: string, text: string | undefined, max = 256): string {
  return text === undefined ? "" : element(name, escapeXml([...text].slice(0, max).join("")));
}
