/** The document, the table that it is made of, and the page that shows it agree. */
import { readFileSync } from "node:fs";
import { HTTP_CODES } from "@polity/gateway/http/codes.ts";
import { openApiText } from "@polity/gateway/http/openapi.ts";
import { matchRoute, ROUTES } from "@polity/gateway/http/routes.ts";
import { shapeProblem, shapeSchema } from "@polity/gateway/http/shape.ts";
import { expect, test } from "vitest";
import { version } from "../../cli/version.ts";

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

test("docs/openapi.generated.json is what node scripts/generate-openapi.ts writes", () => {
  expect(openApiText(version)).toBe(read("docs/openapi.generated.json"));
});

test("docs/serve.md has each operation, and each code with its status", () => {
  const text = read("docs/serve.md");
  for (const { method, path } of ROUTES) expect(text, path).toContain(`| \`${method} ${path}\` |`);
  for (const [code, { status }] of Object.entries(HTTP_CODES))
    expect(text).toContain(`| \`${code}\` | ${status} |`);
});

test("every object that a client sends is closed, and every member of it is described", () => {
  for (const { body, answer, name } of ROUTES) {
    for (const shape of [body, answer]) {
      if (shape === null) continue;
      const text = JSON.stringify(shapeSchema(shape));
      expect(text.split('"type":"object"').length, name).toBe(
        text.split('"additionalProperties":false').length,
      );
    }
  }
});

const ID = "01234567-89ab-4def-8123-456789abcdef";

test.each(ROUTES.map(({ method, path }) => [method, path] as const))(
  "%s %s is found as it is written",
  (method, path) => {
    const found = matchRoute(method, path.replace("{id}", ID));
    expect(found).toMatchObject({ ok: true, route: { method, path }, id: path.includes("{id}") ? ID : "" });
  },
);

test.each([
  "/",
  "//v1/decide",
  "/v1//decide",
  "/v1/decide/",
  "/v1/./decide",
  "/v1/x/../decide",
  "/v1/%64ecide",
  "/V1/decide",
  "/v1/decide?",
  "/v1/decide?wait=1",
  "/v1/decide#x",
  "/v1/decide;x",
  "/v1/decide\0",
  "/v1\\decide",
  "http://elsewhere/v1/decide",
  "*",
  "/v1/executions/{id}",
  "/v1/executions/x",
  `/v1/executions/${ID.toUpperCase()}`,
  `/v1/executions/${ID}/`,
  `/v1/executions/${ID}${ID}`,
  `/v1/executions/${ID}/steps?wait=1`,
  `/v1/executions/${ID}/abort?wait=61`,
  `/v1/executions/${ID}/abort?wait=-1`,
  `/v1/executions/${ID}/abort?wait=1&wait=2`,
  "/__proto__",
  "/constructor",
])("%s is nothing, whatever the method", (target) => {
  for (const method of ["GET", "POST"])
    expect(matchRoute(method, target)).toEqual({ ok: false, code: "http.not_found" });
});

test("another method is told which there are", () => {
  expect(matchRoute("DELETE", "/v1/approvals")).toEqual({
    ok: false,
    code: "http.method",
    allow: "GET, POST",
  });
});

test("a shape says what is wrong, and where", () => {
  const route = ROUTES.find(({ name }) => name === "beginExecution")!;
  const agent = { type: "Agent", id: "a" };
  expect(shapeProblem(route.body!, { agent })).toBeNull();
  expect(shapeProblem(route.body!, { agent, lease_ms: 0.5 })).toContain("`lease_ms` is an integer");
  expect(shapeProblem(route.body!, { agent: { ...agent, role: "root" } })).toBe("`agent` has no `role`");
  expect(shapeProblem(route.body!, { agent: { type: "Agent", id: "x".repeat(257) } })).toContain(
    "at most 256",
  );
  expect(shapeProblem(route.body!, JSON.parse('{"agent":{"type":"A","id":"b"},"__proto__":{}}'))).toContain(
    "__proto__",
  );
});
