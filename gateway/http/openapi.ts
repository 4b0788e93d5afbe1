/** The service as an OpenAPI 3.1.1 document, made of the table of operations. */
import { HTTP_CODES, type HttpCode, statusOf } from "./codes.ts";
import { ROUTES, type Route } from "./routes.ts";
import { must, object, shapeSchema, text } from "./shape.ts";

const ERROR = shapeSchema(
  object({
    error: must(
      object({ code: must(text(64), "for programs"), message: must(text(4_096), "for people") }),
      "why nothing happened",
    ),
  }),
);

const COMMON: readonly HttpCode[] = ["http.busy", "http.closing", "http.crowded", "http.failed", "http.late"];
const WITH_KEY: readonly HttpCode[] = ["api_key.missing", "api_key.unknown", "api_key.scope"];
const WITH_BODY: readonly HttpCode[] = [
  "http.malformed",
  "http.invalid",
  "http.content_type",
  "http.too_large",
  "http.slow",
];

/** With a line end; the same text each time. */
export function openApiText(version: string): string {
  return `${JSON.stringify(openApiDocument(version), null, 2)}\n`;
}

function openApiDocument(version: string) {
  const paths: Record<string, Record<string, unknown>> = {};
  for (const route of ROUTES) {
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) };
  }
  return {
    openapi: "3.1.1",
    info: {
      title: "Polity",
      version,
      summary: "Decisions and governed executions",
      license: { name: "Apache-2.0", identifier: "Apache-2.0" },
    },
    security: [{ key: [] }],
    paths,
    components: {
      securitySchemes: { key: { type: "http", scheme: "bearer" } },
      schemas: { Error: ERROR },
    },
  };
}

function operationOf(route: Route) {
  const { name, says, body, status, answer, right, path, waits } = route;
  const parameters = [
    ...(path.includes("{id}")
      ? [{ name: "id", in: "path", required: true, schema: { type: "string", format: "uuid" } }]
      : []),
    ...(waits
      ? [{ name: "wait", in: "query", description: "seconds", schema: { type: "integer", maximum: 60 } }]
      : []),
  ];
  return {
    operationId: name,
    description: says,
    ...(right === null ? { security: [] } : { "x-right": right }),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== null && { requestBody: { required: true, content: jsonOf(shapeSchema(body)) } }),
    responses: {
      [status]: { description: "Done", content: contentOf(route, shapeSchema(answer)) },
      ...refusals(route),
    },
  };
}

function contentOf({ waits }: Route, schema: unknown) {
  return { ...jsonOf(schema), ...(waits && { "text/event-stream": { schema: { type: "string" } } }) };
}

function jsonOf(schema: unknown) {
  return { "application/json": { schema } };
}

/** One response for each status, with the codes that it may have. */
function refusals({ right, body, codes }: Route) {
  const all = [...COMMON, ...(right === null ? [] : WITH_KEY), ...(body === null ? [] : WITH_BODY), ...codes];
  const byStatus = new Map<number, string[]>();
  for (const code of all) {
    byStatus.set(statusOf(code), [...(byStatus.get(statusOf(code)) ?? []), code]);
  }
  const sorted = [...byStatus].sort(([a], [b]) => a - b);
  return Object.fromEntries(
    sorted.map(([status, listed]) => [
      status,
      {
        description: listed
          .map(
            (code) =>
              `${code}${Object.hasOwn(HTTP_CODES, code) ? `: ${HTTP_CODES[code as HttpCode].says}` : ""}`,
          )
          .join("; "),
        content: jsonOf({ $ref: "#/components/schemas/Error" }),
      },
    ]),
  );
}
