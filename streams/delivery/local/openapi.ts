/**
 * Checks a request against an OpenAPI 3.1 document, whose schemas are JSON Schema 2020-12. The only
 * file that knows the validator.
 */
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { parseJson, z } from "../../../protocol/schema.ts";

const schema = z.union([z.boolean(), z.record(z.string(), z.unknown())]);
const operation = z.object({
  parameters: z.array(z.object({
    name: z.string(),
    in: z.enum(["path", "query", "header", "cookie"]),
    required: z.boolean().default(false),
    schema,
  })).default([]),
  requestBody: z.object({
    content: z.record(z.string(), z.object({ schema })),
  }).optional(),
});
const document = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.object({ schemas: z.record(z.string(), z.unknown()) }),
});

export interface ApiRequest {
  readonly method: "get" | "post";
  readonly path: string;
  readonly query: URLSearchParams;
  /** The form of a POST. */
  readonly form: URLSearchParams;
}

export interface ApiDocument {
  /** Every fault of `request`, in words; none when the API has it so. */
  faults(request: ApiRequest): string[];
}

const FORM = "application/x-www-form-urlencoded";
/** ITU-T E.164, a channel's address such as `whatsapp:+91...`, or an alphanumeric sender id. */
const PHONE = /^(?:(?:[a-z]+:)?\+[1-9]\d{1,14}|(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11})$/;

/** Reads the OpenAPI document in `text`. Throws `TerminalError` naming what is malformed. */
export function readApiDocument(text: string): ApiDocument {
  const { paths, components } = parseJson(document, text, "OpenAPI document");
  const ajv = new Ajv2020({ strict: false, allErrors: true, coerceTypes: "array" });
  (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
  ajv.addFormat("phone-number", PHONE);
  ajv.addSchema({ $id: "api", components });
  const templates = Object.keys(paths).map((template) => ({ template, ...matcherOf(template) }));
  const compiled = new Map<string, ValidateFunction>();
  const validatorOf = (name: string, given: z.infer<typeof schema>) => {
    const known = compiled.get(name) ?? ajv.compile(absolute(given) as object);
    compiled.set(name, known);
    return known;
  };
  return {
    faults(request) {
      const found = templates.find(({ pattern }) => pattern.test(request.path));
      const raw = found === undefined ? undefined : paths[found.template]?.[request.method];
      if (found === undefined || raw === undefined) {
        return [`no operation ${request.method.toUpperCase()} ${request.path}`];
      }
      const name = `${request.method} ${found.template}`;
      return operationFaults(request, operation.parse(raw), found, name, validatorOf);
    },
  };
}

type Validators = (name: string, given: z.infer<typeof schema>) => ValidateFunction;
type Matcher = ReturnType<typeof matcherOf>;

function operationFaults(
  request: ApiRequest,
  given: z.infer<typeof operation>,
  { pattern, names }: Matcher,
  name: string,
  validatorOf: Validators,
): string[] {
  const faults: string[] = [];
  const segments = request.path.match(pattern)?.slice(1) ?? [];
  for (const parameter of given.parameters) {
    const value = parameter.in === "path"
      ? decodeURIComponent(segments[names.indexOf(parameter.name)] ?? "")
      : request.query.get(parameter.name);
    if (parameter.in === "header" || parameter.in === "cookie") continue;
    if (value === null) {
      if (parameter.required) faults.push(`${parameter.name}: missing`);
      continue;
    }
    const validate = validatorOf(`${name} ${parameter.in} ${parameter.name}`, {
      type: "object",
      properties: { value: parameter.schema },
    });
    if (!validate({ value })) faults.push(...wordsOf(validate.errors, parameter.name));
  }
  const known = new Set(given.parameters.map((parameter) => parameter.name));
  for (const key of request.query.keys()) {
    if (!known.has(key)) faults.push(`${key}: no such query parameter`);
  }
  const body = given.requestBody?.content[FORM]?.schema;
  if (body !== undefined) faults.push(...formFaults(request.form, body, validatorOf(name, body)));
  return faults;
}

/** A form's fields are text: the validator turns them into what the schema says, and lists. */
function formFaults(
  form: URLSearchParams,
  body: z.infer<typeof schema>,
  validate: ValidateFunction,
): string[] {
  const properties = typeof body === "object" ? Object.keys(body.properties ?? {}) : [];
  const value: Record<string, string | string[]> = {};
  const faults: string[] = [];
  for (const key of new Set(form.keys())) {
    // Unknown fields are ignored by the real API: a misspelt one would go unseen, so not here.
    if (!properties.includes(key)) faults.push(`${key}: no such field`);
    const all = form.getAll(key);
    value[key] = all.length === 1 ? all[0]! : all;
  }
  if (!validate(value)) faults.push(...wordsOf(validate.errors, "form"));
  return faults;
}

function wordsOf(errors: ErrorObject[] | null | undefined, name: string): string[] {
  return (errors ?? []).map(({ instancePath, message }) =>
    `${instancePath.replace(/^\/(?:value)?/, "") || name}: ${message}`
  );
}

/** `/a/{B}.json` as a pattern, and the names in braces in their order. */
function matcherOf(template: string): { pattern: RegExp; names: string[] } {
  const names: string[] = [];
  const source = template.split(/(\{[^}]+\})/).map((piece) => {
    if (!piece.startsWith("{")) return piece.replaceAll(/[.*+?^$()|[\]\\]/g, "\\$&");
    names.push(piece.slice(1, -1));
    return "([^/]+?)";
  }).join("");
  return { pattern: new RegExp(`^${source}$`), names };
}

/** References inside the document point to it by name once a part of it is compiled alone. */
function absolute(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(absolute);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) =>
      key === "$ref" && typeof inner === "string" && inner.startsWith("#/")
        ? [key, `api${inner}`]
        : [key, absolute(inner)]
    ),
  );
}
