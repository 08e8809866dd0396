/**
 * Green Button: usage data as an Atom feed of ESPI resources (NAESB REQ.21, version 4.0). Pure: names
 * (UUIDs) and times come in; each function gives one entry, so that a feed is written as it comes.
 */
import { element, escapeXml, textElement } from "./xml.ts";

const PATH = "/espi/1_1/resource";
const INDIA_OFFSET_S = 19_800;

/** The two names of an entry: its UUID, and its place below `PATH`. */
export interface EntryName {
  readonly uuid: string;
  /** `UsagePoint/U/MeterReading/M`: the last but one part is the resource's kind. */
  readonly place: string;
}

interface EntryParts extends EntryName {
  readonly title: string;
  readonly content: string;
  /** Places of what hangs below this entry, or beside it. */
  readonly related?: readonly string[];
  readonly at_ms: number;
}

const instant = (at_ms: number) => new Date(at_ms).toISOString();

/** What stands before the entries. */
export function feedStart(given: { uuid: string; title: string; now_ms: number }): string {
  return '<?xml version="1.0" encoding="UTF-8"?>\n' +
    '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:espi="http://naesb.org/espi">\n' +
    element("id", `urn:uuid:${given.uuid}`) + textElement("title", given.title) +
    element("updated", instant(given.now_ms)) +
    `<link href="${PATH}/Batch/Bulk" rel="self" type="espi-feed"/>\n`;
}

export const FEED_END = "</feed>\n";

/** One entry of the feed. */
export function entry(parts: EntryParts): string {
  const { uuid, place, title, content, related = [], at_ms } = parts;
  const up = place.slice(0, place.lastIndexOf("/"));
  return `<entry>${element("id", `urn:uuid:${uuid}`)}` +
    link(place, "self", "entry") + link(up, "up", "feed") +
    related.map((to) => link(to, "related", isCollection(to) ? "feed" : "entry")).join("") +
    textElement("title", title) + element("content", content) +
    element("published", instant(at_ms)) + element("updated", instant(at_ms)) + "</entry>\n";
}

function link(place: string, rel: string, type: "entry" | "feed"): string {
  const kind = place.split("/").filter((part) => /^[A-Z][A-Za-z]+$/.test(part)).at(-1);
  return `<link href="${escapeXml(`${PATH}/${place}`)}" rel="${rel}" type="espi-${type}/${kind}"/>`;
}

/** `UsagePoint/U/MeterReading` is one, `UsagePoint/U` is none. */
function isCollection(place: string): boolean {
  return /(^|\/)[A-Z][A-Za-z]+$/.test(place);
}

export const localTime = () =>
  resource("LocalTimeParameters", [
    ["dstEndRule", "00000000"],
    ["dstOffset", 0],
    ["dstStartRule", "00000000"],
    ["tzOffset", INDIA_OFFSET_S],
  ]);

/** An electricity service at one account's premises. */
export const usagePoint = () =>
  resource("UsagePoint", [["ServiceCategory", element("espi:kind", 0)], ["status", 1]]);

export const meterReading = () => "<espi:MeterReading/>";

/** Active energy a interval, in watt-hours, as the customer used it. */
export const readingType = (usual_s: number | undefined) =>
  resource("ReadingType", [
    ["accumulationBehaviour", 4], // deltaData
    ["commodity", 1], // electricity, as metered
    ["currency", 356], // INR
    ["dataQualifier", 12], // normal
    ["defaultQuality", 0],
    ["flowDirection", 1], // forward: delivered to the customer
    ["intervalLength", usual_s],
    ["kind", 12], // energy
    ["powerOfTenMultiplier", 0],
    ["uom", 72], // Wh
  ]);

/** `<espi:name>` with `<espi:field>` in the given order, without those that are undefined. */
export function resource(
  name: string,
  fields: readonly (readonly [string, string | number | undefined])[],
): string {
  return element(
    `espi:${name}`,
    fields.map(([field, value]) => element(`espi:${field}`, value)).join(""),
  );
}

/** A span of time, as ESPI writes it. */
export function period(start_s: number, duration_s: number): string {
  return element("espi:duration", duration_s) + element("espi:start", start_s);
}
