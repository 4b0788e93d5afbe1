/** What is due after what was allowed: told to a real service over HTTP, again after a restart. */
import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { govern } from "@polity/gateway/wrap/govern.ts";
import { enforce } from "@polity/governor/answers.ts";
import { usualObligations } from "@polity/governor/node/index.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import { expect, onTestFinished, test } from "vitest";
import { begun, copyLog, governed, moduleOf, pay, saying, until } from "../support/governing.ts";
import { serving } from "../support/serving.ts";

const POLICY = `polity 1
policy test.owing version 1
import "std/obligations"
entity Agent
subject agent: Agent
action pay { amount: int 0..1000, to: string max 40 from agent, memo: string? max 100 }
allow told on pay when amount < 100
  oblige log { note: "paid" }
  oblige notify { service: "desk", message: "somebody was paid" }
allow changed on pay when amount in 100..199
  oblige redact { fields: {"memo"} }
  oblige cap { field: "amount", at: 150 }
allow elsewhere on pay when amount in 200..299
  oblige notify { service: "nobody", message: "x" }
`;
const FACTS = JSON.stringify({ entities: [{ type: "Agent", id: "ada" }] });
const SECRET = new Uint8Array(32).fill(7);

interface Told {
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

/** Answers each message with the next status, and the last one ever after; null: never. */
async function receiver(statuses: readonly (number | null)[]) {
  const told: Told[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    let body = "";
    request.on("data", (chunk: Buffer) => {
      body += chunk.toString();
    });
    request.on("end", () => {
      const status = statuses[Math.min(told.length, statuses.length - 1)] ?? null;
      told.push({ headers: request.headers, body });
      if (status === null) return;
      const location = status === 302 ? { location: `${url}/elsewhere` } : {};
      response.writeHead(status, location).end("x".repeat(100_000));
    });
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const close = () => {
    server.closeAllConnections();
    server.close();
  };
  onTestFinished(close);
  return { told, url, close };
}

async function owing(url: string, more: { readonly dir?: string; readonly mode?: "relaxed" } = {}) {
  const { known, dischargers } = usualObligations(new Map([["desk", { url, secret: SECRET }]]));
  const loaded = await loadUnsigned(await moduleOf(POLICY), { obligations: known, facts: FACTS });
  if (!loaded.ok) throw new Error(loaded.message);
  const limits = { obligationPauseMs: 5, obligationAttemptsMax: 4 };
  return { ...more, host: loaded.host, obligations: dischargers, limits };
}

const isTold = (name: string) => (one: { kind: string; name?: string; phase?: string }) =>
  one.kind === "event" && one.name === name;

test("a service is told until it says that it has heard, and what it gets is signed", async () => {
  const { told, url } = await receiver([503, 302, 204]);
  const { governor, entries } = await governed(await owing(url));
  const execution = await begun(governor);
  const bank = govern((fields: { amount: number }) => `paid ${fields.amount}`, {
    action: "pay",
    input: (amount: number) => ({ amount, to: "shop" }),
    execution: () => execution,
  });
  expect(await bank(5)).toBe("paid 5");
  expect(governor.outstanding().length).toBeGreaterThan(0);
  await until(() => governor.outstanding().length === 0);
  // What was redirected went nowhere else.
  expect(told).toHaveLength(3);
  expect(new Set(told.map(({ body }) => body)).size).toBe(1);
  const { headers, body } = told[2]!;
  const [id, time] = [headers["webhook-id"], headers["webhook-timestamp"]];
  const mac = createHmac("sha256", SECRET).update(`${id as string}.${time as string}.${body}`);
  expect(headers["webhook-signature"]).toBe(`v1,${mac.digest("base64")}`);
  const { id: execId } = execution;
  expect(JSON.parse(body)).toEqual({
    ...{ action: "pay", execution: execId, id, message: "somebody was paid", status: "succeeded" },
  });
  const all = await entries();
  const [first] = all.filter(({ kind }) => kind === "decision");
  const notes = all.filter(isTold("obligation.notify"));
  expect(notes).toMatchObject([
    { phase: "released", event: first!.id, execution: execId },
    { phase: "ok", event: first!.id },
  ]);
  expect(all.filter(isTold("log"))).toMatchObject([{ phase: "ok", event: "paid" }]);
  expect(all.filter(isTold("obligation.log"))).toHaveLength(2);
});

test("what was not told when a process ended is told by the next one, under the same id", async () => {
  const deaf = await receiver([500]);
  const first = await governed(await owing(deaf.url));
  const execution = await begun(first.governor);
  expect(await enforce(await execution.authorize(pay(5)), saying())).toBe("ran");
  await until(() => deaf.told.length > 0);
  await first.close();
  expect((await first.governor.outstanding()).map(({ obligation }) => obligation.name)).toEqual(["notify"]);

  const { told, url } = await receiver([204]);
  const second = await governed(await owing(url, { dir: first.dir }));
  await until(() => second.governor.outstanding().length === 0);
  expect(told.map(({ body }) => body)).toEqual([deaf.told[0]!.body]);
  await second.close();
  const third = await governed(await owing(url, { dir: first.dir }));
  expect(third.governor.outstanding()).toEqual([]);
  expect(told).toHaveLength(1);
});

test("what ran when a process was killed is owed too: nobody knows what came of it", async () => {
  const { told, url } = await receiver([204]);
  const first = await governed(await owing(url));
  const execution = await begun(first.governor);
  const answer = await execution.authorize(pay(5));
  let sizeThen = 0;
  await enforce(
    answer,
    saying(() => {
      sizeThen = first.store.size;
      return "ran";
    }),
  );
  await until(() => first.governor.outstanding().length === 0);
  expect(sizeThen).toBe(4);
  const dir = await copyLog(first.store, sizeThen);
  const unenforced = await copyLog(first.store, 2);
  await first.close();
  const second = await governed(await owing(url, { dir }));
  await until(() => second.governor.outstanding().length === 0);
  expect(told.map(({ body }) => (JSON.parse(body) as { status: string }).status)).toEqual([
    "succeeded",
    "abandoned",
  ]);
  // Whoever asked and did nothing owes nothing.
  const other = await governed(await owing(url, { dir: unenforced }));
  expect(other.governor.outstanding()).toEqual([]);
});

test("one that fails keeps nobody waiting, and whoever owes what is given up is stopped", async () => {
  const { url } = await receiver([500]);
  const { governor, entries } = await governed(await owing(url));
  const execution = await begun(governor);
  expect(await enforce(await execution.authorize(pay(250)), saying())).toBe("ran");
  await until(() => execution.signal.aborted);
  expect(execution.signal.reason).toMatchObject({
    code: "obligation.failed",
    message: '`notify`: this host knows no service "nobody"',
  });
  const notes = (await entries()).filter(isTold("obligation.notify"));
  expect(notes).toMatchObject([{ phase: "released" }, { phase: "failed" }]);
});

test("relaxed: the same, and nothing waits for the disk", async () => {
  const { told, url } = await receiver([503, 204]);
  const { governor, entries } = await governed(await owing(url, { mode: "relaxed" }));
  const execution = await begun(governor);
  expect(await enforce(await execution.authorize(pay(5)), saying())).toBe("ran");
  await until(() => governor.outstanding().length === 0);
  expect(told).toHaveLength(2);
  await until(() => governor.outstanding().length === 0);
  await execution.end("succeeded");
  const all = await entries();
  expect(all.filter(isTold("obligation.notify"))).toMatchObject([{ phase: "released" }, { phase: "ok" }]);
  // What says that it is owed would mean nothing without the decision.
  const kinds = all.map(({ kind }) => kind);
  expect(kinds.indexOf("decision")).toBeLessThan(kinds.indexOf("event"));
});

test("the service of HTTP and a function have the same obligations discharged", async () => {
  const { told, url } = await receiver([204]);
  const { ask } = await serving({ governed: await owing(url) });
  const agent = { type: "Agent", id: "ada" };
  const { body: begunBody } = await ask("POST", "/v1/executions", { agent });
  const steps = `/v1/executions/${begunBody.id as string}/steps`;
  const fields = { amount: 180, to: "shop", memo: "private" };
  const { body } = await ask("POST", steps, { action: "pay", fields });
  expect(body.grant.fields).toEqual({ agent: "ada", amount: 150, to: "shop" });
  const small = await ask("POST", steps, { action: "pay", fields: { amount: 5, to: "shop" } });
  expect(small.body.verdict).toBe("allow");
  expect(told).toEqual([]);
  const outcome = { step: small.body.step, status: "succeeded" };
  const said = await ask("POST", `/v1/executions/${begunBody.id as string}/outcomes`, outcome);
  expect(said.status).toBe(200);
  await until(() => told.length === 1);
});
