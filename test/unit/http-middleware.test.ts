/** Routes of somebody's own server behind a governor: Hono's, Express's, and the whole service in either. */
import type { AddressInfo } from "node:net";
import { expressGuard } from "@polity/gateway/http/express.ts";
import { honoGuard, serveFetch } from "@polity/gateway/http/hono.ts";
import type { Execution, Grant } from "@polity/governor/governor.ts";
import express, { type Request, type Response } from "express";
import { type Context, Hono } from "hono";
import { expect, onTestFinished, test } from "vitest";
import { begun, type Governed, governed } from "../support/governing.ts";
import { serving } from "../support/serving.ts";

type Fetch = (path: string, body: object, headers?: Record<string, string>) => Promise<globalThis.Response>;

interface Env {
  readonly Variables: { grant: Grant };
}

interface Route {
  readonly ask: Fetch;
  readonly ran: readonly unknown[];
}

const JSON_HEADERS = { "content-type": "application/json" };

/** What the handler does: by the memo that nobody judged. */
function act(fields: Readonly<Record<string, unknown>>, ran: unknown[]): number {
  ran.push(fields);
  if (fields.amount === 13) throw new Error("the bank is closed");
  return fields.amount === 14 ? 503 : 200;
}

function inHono(executionOf: (id: string | undefined) => Execution | null): Route {
  const ran: unknown[] = [];
  const app = new Hono<Env>();
  const guard = honoGuard<Context<Env>>({
    action: "pay",
    input: (c) => c.req.json(),
    execution: (c) => executionOf(c.req.header("x-execution")),
  });
  app.post("/pay", guard, (c) => c.json({ done: true }, act(c.get("grant").fields, ran) as 200));
  app.onError((_error, c) => c.text("broken", 500));
  const ask: Fetch = async (path, body, headers) =>
    app.request(path, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { ...JSON_HEADERS, ...headers },
    });
  return { ask, ran };
}

async function inExpress(executionOf: (id: string | undefined) => Execution | null): Promise<Route> {
  const ran: unknown[] = [];
  const app = express();
  app.use(express.json());
  const guard = expressGuard<Request>({
    action: "pay",
    input: (request) => request.body,
    execution: (request) => executionOf(request.header("x-execution")),
  });
  app.post("/pay", guard, (_request, response: Response) => {
    response.status(act(response.locals.grant.fields, ran)).json({ done: true });
  });
  app.use((_error: unknown, _request: Request, response: Response, _next: () => void) => {
    response.status(500).end("broken");
  });
  const server = app.listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  onTestFinished(() => void server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ask: Fetch = (path, body, headers) =>
    fetch(`${url}${path}`, {
      method: "POST",
      body: JSON.stringify(body),
      headers: { ...JSON_HEADERS, ...headers },
    });
  return { ask, ran };
}

const KINDS: readonly [string, (one: Governed) => Promise<Route> | Route][] = [
  ["Hono", ({ governor }) => inHono((id) => governor.execution(id ?? ""))],
  ["Express", ({ governor }) => inExpress((id) => governor.execution(id ?? ""))],
];

test.each(KINDS)(
  "%s: a handler runs where its action is allowed, with what was judged",
  async (_name, open) => {
    const one = await governed();
    const { ask, ran } = await open(one);
    const headers = { "x-execution": (await begun(one.governor)).id };
    const paid = await ask("/pay", { amount: 5, to: "shop", place: "/a/./b" }, headers);
    expect([paid.status, await paid.json()]).toEqual([200, { done: true }]);
    expect(ran).toEqual([{ agent: "ada", zone: "eu", amount: 5, to: "shop", place: "/a/b" }]);
    const denied = await ask("/pay", { amount: 999, to: "shop" }, headers);
    expect([denied.status, await denied.json()]).toMatchObject([403, { error: { code: "no_rule" } }]);
    const forged = await ask("/pay", { amount: 5, to: "shop", agent: "bob" }, headers);
    expect([forged.status, await forged.json()]).toMatchObject([403, { error: { code: "step.invalid" } }]);
    for (const nobody of [{}, { "x-execution": "x" }]) {
      const unknown = await ask("/pay", { amount: 5, to: "shop" }, nobody as Record<string, string>);
      expect([unknown.status, await unknown.json()]).toMatchObject([
        404,
        { error: { code: "execution.unknown" } },
      ]);
    }
    expect(ran.length).toBe(1);
  },
);

test.each(KINDS)("%s: what a handler answers is written down, failures too", async (_name, open) => {
  const one = await governed();
  const { ask } = await open(one);
  const headers = { "x-execution": (await begun(one.governor)).id };
  expect((await ask("/pay", { amount: 13, to: "shop" }, headers)).status).toBe(500);
  expect((await ask("/pay", { amount: 14, to: "shop" }, headers)).status).toBe(503);
  expect((await ask("/pay", { amount: 15, to: "shop" }, headers)).status).toBe(200);
  await expect
    .poll(async () =>
      (await one.entries()).flatMap((entry) => (entry.kind === "outcome" ? [entry.status] : [])),
    )
    .toEqual(["failed", "failed", "succeeded"]);
});

test("the whole service in the place of a Hono handler", async () => {
  const { api, key } = await serving();
  const app = new Hono();
  app.all("/v1/*", (c) => serveFetch(api, c.req.raw));
  const body = JSON.stringify({ action: "pay", fields: { agent: "ada", amount: 1, to: "x" } });
  const asked = (headers: Record<string, string>, text = body) =>
    app.request("/v1/decide", { method: "POST", headers: { ...JSON_HEADERS, ...headers }, body: text });
  expect((await asked({ authorization: `Bearer ${key}` })).status).toBe(200);
  expect((await asked({})).status).toBe(401);
  const large = `${body}${" ".repeat(1024 * 1024)}`;
  expect((await asked({ authorization: `Bearer ${key}` }, large)).status).toBe(413);
});
