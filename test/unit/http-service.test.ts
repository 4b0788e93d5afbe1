/** The service over HTTP, by a real policy, governor and log. */
import { ROUTES } from "@polity/gateway/http/routes.ts";
import { shapeProblem } from "@polity/gateway/http/shape.ts";
import { expect, test } from "vitest";
import { ADA, until } from "../support/governing.ts";
import { keyOf, type Said, serving } from "../support/serving.ts";

const PAYMENT = { action: "pay", fields: { amount: 5, to: "shop" } };

/** What comes back is what the document says. */
function shaped(said: Said, name: string): Said {
  const route = ROUTES.find((one) => one.name === name)!;
  expect([said.status, JSON.stringify(said.body)]).toEqual([route.status, JSON.stringify(said.body)]);
  expect(shapeProblem(route.answer, said.body)).toBeNull();
  return said;
}

test("a decision: in the log before it is answered, with what was judged", async () => {
  const { ask, entries } = await serving();
  const said = shaped(
    await ask("POST", "/v1/decide", { action: "pay", fields: { agent: "ada", amount: 5, to: "shop" } }),
    "decide",
  );
  // The zone is for the host to say, and nobody has measured it.
  expect(said.body).toMatchObject({ verdict: "deny", code: "input.missing", fields: null });
  const entry = (await entries()).find(({ id }) => id === said.body.id);
  expect(entry).toMatchObject({ kind: "decision", node: "n1/decide" });
  const smuggled = { action: "pay", fields: { agent: "ada", zone: "eu", amount: 5, to: "shop" } };
  const refused = await ask("POST", "/v1/decide", smuggled);
  expect([refused.status, refused.body.error.code]).toEqual([400, "http.invalid"]);
});

test("an execution from its beginning to its end", async () => {
  const { ask, entries } = await serving();
  const begun = shaped(
    await ask("POST", "/v1/executions", { agent: ADA, purpose: "shopping", zone: "eu" }),
    "beginExecution",
  );
  const path = `/v1/executions/${begun.body.id}`;
  const step = shaped(await ask("POST", `${path}/steps`, PAYMENT), "authorizeStep");
  expect(step.body).toMatchObject({ verdict: "allow", code: "rule", rules: ["small"] });
  expect(step.body.grant.fields).toMatchObject({ agent: "ada", amount: 5, to: "shop" });
  const { step: id } = step.body;
  const outcome = { step: id, status: "succeeded" };
  expect(shaped(await ask("POST", `${path}/outcomes`, outcome), "reportOutcome").body.entry).toBe(id);
  // What was reported is not reported again.
  expect((await ask("POST", `${path}/outcomes`, outcome)).body.error.code).toBe("step.in_use");
  const denied = shaped(
    await ask("POST", `${path}/steps`, { action: "pay", fields: { amount: 999, to: "x" } }),
    "authorizeStep",
  );
  expect(denied.body).toMatchObject({ verdict: "deny", grant: null, step: null });
  expect(shaped(await ask("GET", path), "getExecution").body.status).toBe("live");
  expect(shaped(await ask("POST", `${path}/end`, { status: "succeeded" }), "endExecution").body.status).toBe(
    "ended",
  );
  expect((await ask("POST", `${path}/steps`, PAYMENT)).body).toMatchObject({
    verdict: "deny",
    code: "execution.ended",
  });
  const kinds = (await entries()).map(({ kind }) => kind);
  expect(kinds).toEqual(expect.arrayContaining(["execution", "decision", "outcome"]));
});

test("an agent may not say who it is, and its mistakes are told", async () => {
  const { ask } = await serving();
  const { body } = await ask("POST", "/v1/executions", { agent: ADA, zone: "eu" });
  const nobody = await ask("POST", "/v1/executions", { agent: { type: "Agent", id: "" } });
  expect([nobody.status, nobody.body.error.code]).toEqual([400, "execution.invalid"]);
  const path = `/v1/executions/${body.id}/steps`;
  const forged = await ask("POST", path, { action: "pay", fields: { agent: "bob", amount: 5, to: "shop" } });
  expect(forged.body).toMatchObject({ verdict: "deny", code: "step.invalid", grant: null });
  const cases: [unknown, string][] = [
    [{ action: "pay" }, "`fields` is missing in the body"],
    [{ ...PAYMENT, subject: "bob" }, "the body has no `subject`"],
    [{ ...PAYMENT, action: 5 }, "`action` is text"],
    [[], "the body is an object"],
  ];
  for (const [given, message] of cases) {
    const said = await ask("POST", path, given);
    expect([said.status, said.body.error]).toEqual([400, { code: "http.invalid", message }]);
  }
  const twice = await ask("POST", path, '{"action":"pay","action":"pay","fields":{}}');
  expect(twice.body.error).toMatchObject({
    code: "http.malformed",
    message: 'duplicate key "action" (character 17)',
  });
});

test("an agent that runs elsewhere learns that it was stopped: by waiting, and by events", async () => {
  const { ask, url, key } = await serving();
  const { body } = await ask("POST", "/v1/executions", { agent: ADA, zone: "eu" });
  const path = `/v1/executions/${body.id}`;
  const open = await ask("POST", `${path}/steps`, PAYMENT);
  expect(shaped(await ask("GET", `${path}/abort?wait=0`), "awaitAbort").body.is_over).toBe(false);
  const waiting = ask("GET", `${path}/abort?wait=20`);
  const headers = { authorization: `Bearer ${key}`, accept: "text/event-stream" };
  const events = fetch(`${url}${path}/abort`, { headers }).then((response) => response.text());
  await new Promise((resolve) => setTimeout(resolve, 50));
  const contained = await ask("POST", `${path}/steps`, {
    action: "pay",
    fields: { amount: 5, to: "mallory" },
  });
  expect(contained.body.verdict).toBe("quarantine");
  const notice = shaped(await waiting, "awaitAbort").body;
  expect(notice).toMatchObject({
    is_over: true,
    abort: { code: expect.stringMatching(/^(subject|execution)\./) },
  });
  expect(await events).toMatch(/^: waiting\n\nevent: aborted\ndata: \{"id":/);
  expect((await ask("GET", path)).body).toMatchObject({ status: "aborted", abort: notice.abort });
  // How far it came may still be said.
  const told = await ask("POST", `${path}/outcomes`, {
    step: open.body.step,
    status: "failed",
    note: "stopped",
  });
  expect(told.status).toBe(200);
  const again = await ask("POST", "/v1/executions", { agent: ADA, zone: "eu" });
  expect([again.status, again.body.error.code]).toEqual([403, "subject.quarantined"]);
});

test("keys open what they are for, and nothing of somebody else", async () => {
  const reader = keyOf({ name: "reader", may: ["decide"] });
  const bobs = keyOf({ name: "bobs", agents: [{ type: "Agent", id: "bob" }], actions: ["rest"] });
  const { ask } = await serving({ keys: [reader.row, bobs.row] });
  const codeOf = ({ status, body }: Said) => [status, body.error?.code];
  const begin = { agent: ADA, zone: "eu" };
  expect(codeOf(await ask("POST", "/v1/executions", begin, reader.key))).toEqual([403, "api_key.scope"]);
  expect(codeOf(await ask("POST", "/v1/executions", begin, bobs.key))).toEqual([403, "api_key.scope"]);
  const decide = { action: "rest", fields: { agent: "ada" } };
  expect(codeOf(await ask("POST", "/v1/decide", decide, bobs.key))).toEqual([403, "api_key.scope"]);
  expect(codeOf(await ask("POST", "/v1/decide", { ...decide, fields: {} }, bobs.key))).toEqual([
    403,
    "api_key.scope",
  ]);
  const own = await ask("POST", "/v1/executions", { agent: { type: "Agent", id: "bob" } }, bobs.key);
  expect(own.status).toBe(201);
  const path = `/v1/executions/${own.body.id}`;
  expect(codeOf(await ask("POST", `${path}/steps`, PAYMENT, bobs.key))).toEqual([403, "api_key.scope"]);
  // Another key has never heard of it, also as a parent.
  expect(codeOf(await ask("GET", path))).toEqual([404, "execution.unknown"]);
  expect(codeOf(await ask("POST", "/v1/executions", { ...begin, parent: own.body.id }))).toEqual([
    404,
    "execution.unknown",
  ]);
});

test("papers without a signature change nothing", async () => {
  const { ask } = await serving();
  const order = await ask("POST", "/v1/orders", { envelope: "{}" });
  const approval = await ask("POST", "/v1/approvals", { envelope: "{}" });
  for (const { status, body } of [order, approval]) {
    expect(status).toBeGreaterThanOrEqual(400);
    expect(body.error.code).toMatch(/^(order|approval)\.(malformed|unsigned)$/);
  }
  expect(shaped(await ask("GET", "/v1/approvals"), "listApprovals").body.approvals).toEqual([]);
  const nothing = await ask(
    "POST",
    `/v1/approvals/${"0".repeat(8)}-0000-4000-8000-${"0".repeat(12)}/release`,
    {},
  );
  expect([nothing.status, nothing.body.error.code]).toEqual([404, "approval.unknown"]);
});

test("health, readiness, and the end: what is under way is answered, nothing more is taken", async () => {
  let problem: string | null = null;
  const { ask, url, close, entries } = await serving({ problem: () => problem });
  expect(shaped(await ask("GET", "/healthz"), "health").body).toEqual({ ok: true, reason: null });
  expect(shaped(await ask("GET", "/readyz"), "readiness").status).toBe(200);
  problem = "the log is full";
  expect((await ask("GET", "/readyz")).status).toBe(503);
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object };
  expect(Object.keys(document.paths)).toContain("/v1/executions/{id}/steps");
  const decides = Array.from({ length: 20 }, () =>
    ask("POST", "/v1/decide", { action: "pay", fields: { agent: "ada", amount: 1, to: "x" } }),
  );
  await Promise.any(decides);
  await close();
  const said = await Promise.allSettled(decides);
  const answered = said.filter((one) => one.status === "fulfilled" && one.value.status === 200);
  const written = (await entries()).filter(({ kind }) => kind === "decision");
  expect(written.length).toBe(answered.length);
  await until(() => true);
  await expect(fetch(`${url}/healthz`)).rejects.toThrow();
});
