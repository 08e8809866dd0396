/**
 * Green Button files held against a schema: ours, narrower than the standard's, which is always here;
 * and the standard's own where the environment names a folder with its espi.xsd and atom.xsd, for it
 * is published by NAESB and no part of this project.
 */
import {
  XmlBufferInputProvider,
  XmlDocument,
  xmlRegisterInputProvider,
  XsdValidator,
} from "libxml2-wasm";

const HERE = new URL("./", import.meta.url).pathname;

/** The folder of the standard's schema, or undefined: its test says that it skips. */
export const OFFICIAL_SCHEMA = Deno.env.get("SAMAY_TEST_ESPI_SCHEMA");

/** What the standard's Atom schema takes from elsewhere: two attributes. */
const XML_NAMESPACE = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"
  targetNamespace="http://www.w3.org/XML/1998/namespace">
  <xs:attribute name="lang" type="xs:string"/><xs:attribute name="base" type="xs:anyURI"/>
</xs:schema>`;

/** Throws what is wrong with `xml`, by line. */
export function validateEspi(xml: string, folder = HERE): void {
  using schema = new XsdSchema(folder);
  schema.validate(xml);
}

let registered = false;

/** The library reads no files: it is given those that the schemas name. */
function register(): void {
  if (registered) return;
  registered = true;
  const files: Record<string, Uint8Array> = {
    "https://www.w3.org/2001/03/xml.xsd": new TextEncoder().encode(XML_NAMESPACE),
  };
  for (const folder of OFFICIAL_SCHEMA === undefined ? [HERE] : [HERE, OFFICIAL_SCHEMA]) {
    for (const name of ["espi.xsd", "atom.xsd"]) {
      files[`schema:${folder}/${name}`] = Deno.readFileSync(`${folder}/${name}`);
    }
  }
  xmlRegisterInputProvider(new XmlBufferInputProvider(files));
}

class XsdSchema implements Disposable {
  readonly #document: XmlDocument;
  readonly #validator: XsdValidator;

  constructor(folder: string) {
    register();
    const both = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
      <xs:import namespace="http://www.w3.org/2005/Atom" schemaLocation="schema:${folder}/atom.xsd"/>
      <xs:import namespace="http://naesb.org/espi" schemaLocation="schema:${folder}/espi.xsd"/>
    </xs:schema>`;
    this.#document = XmlDocument.fromString(both);
    this.#validator = XsdValidator.fromDoc(this.#document);
  }

  validate(xml: string): void {
    using document = XmlDocument.fromString(xml);
    this.#validator.validate(document);
  }

  [Symbol.dispose](): void {
    this.#validator.dispose();
    this.#document.dispose();
  }
}
