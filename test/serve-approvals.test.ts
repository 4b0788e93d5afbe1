/** Held over HTTP, answered by people with `pol approvals`, released: real processes beside each other. */

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { digestName, sha256, utf8 } from "@polity/runtime/hash.ts";
import { expect, test } from "vitest";
import { type Served, serveDesk, startServe, trustOf } from "./support/serve-process.ts";

const LONG_MS = 120_000;
const POLICY = `polity 1
policy test.money version 1
entity Team
entity User in Team
entity Agent
subject agent: Agent
action transfer { amount: int 0..1000, to: string max 40, on_behalf: User? }
allow any on transfer when amount <= 900
hold large on transfer when amount in 101..500 until approved by Team::"treasury" within 15m
  because "above 100, the treasury has to approve"
hold hasty on transfer when amount > 500 until approved by Team::"treasury" within 2s
`;
const people = ["anna", "bert"];
const FACTS = {
  entities: [
    { type: "Agent", id: "a1" },
    { type: "Team", id: "treasury" },
    ...[...people, "otto"].map((id) => {
      return { type: "User", id, parents: id === "otto" ? [] : [{ type: "Team", id: "treasury" }] };
    }),
  ],
};

function makeDesk() {
  const desk = serveDesk({ "money.pol": POLICY, "facts.json": JSON.stringify(FACTS) });
  const { pol } = desk;
  for (const who of [...people, "otto", "mallory"]) pol("keygen", "-o", who);
  const approval = Object.fromEntries([...people, "otto"].map((id) => [`User::"${id}"`, [`${id}.pub.pem`]]));
  trustOf(desk, { approval }, "money");
  const key = desk.apiKey("agent", "execute", "decide");
  desk.apiKey("desk", "approve");
  return { ...desk, key };
}

async function open() {
  const desk = makeDesk();
  const options = ["--policy", "money.pol", "--facts", "facts.json", "--trust", "trust"];
  const served = await startServe(desk, desk.key, options);
  const begun = await served.ask("POST", "/v1/executions", { agent: { type: "Agent", id: "a1" } });
  expect(begun.status).toBe(201);
  return { ...desk, ...served, path: `/v1/executions/${begun.body.id}` };
}

type Open = Awaited<ReturnType<typeof open>>;

const step = ({ ask, path }: Pick<Open, "ask" | "path">, amount: number, to: string, more: object = {}) =>
  ask("POST", `${path}/steps`, { action: "transfer", fields: { amount, to, ...more } });

async function held(one: Open, amount: number, to = "ACME", more: object = {}): Promise<string> {
  const { status, body } = await step(one, amount, to, more);
  expect([status, body.verdict, body.grant]).toEqual([200, "hold", null]);
  return body.pending.id;
}

/** `pol approvals approve|reject` against the service. */
function answer({ run, url }: Open, what: string, id: string, who: string, apiKey = "desk.key") {
  const paper = ["--trust", "trust", "--key", `${who}.pem`, "--api-key", apiKey, "--json"];
  const { status, stdout, stderr } = run("approvals", what, url, id, ...paper);
  return { status, said: stdout === "" ? stderr : JSON.parse(stdout) };
}

const release = ({ ask }: Pick<Served, "ask">, id: string) => ask("POST", `/v1/approvals/${id}/release`, {});

test("held, seen, approved by a person at another desk, released once, and proved", {
  timeout: LONG_MS,
}, async () => {
  const one = await open();
  const { pol, run, url, ask, path } = one;
  const list = () => JSON.parse(pol("approvals", "list", url, "--api-key", "desk.key", "--json")).approvals;
  expect(list()).toEqual([]);
  const id = await held(one, 250);
  expect(list()).toMatchObject([
    { id, action: "transfer", given: [], rules: [{ rule: "large", quorum: 1 }] },
  ]);
  const shown = pol("approvals", "show", url, id, "--api-key", "desk.key");
  for (const text of ["ACME", "250", "large"]) expect(shown).toContain(text);

  // Nothing is released before, by waiting or by asking again.
  expect((await release(one, id)).body).toMatchObject({
    verdict: "deny",
    code: "approval.pending",
    grant: null,
  });
  expect((await release(one, id)).body.code).toBe("approval.pending");
  // Whose key is in no trust root, and whose API key is for something else, approves nothing.
  expect(answer(one, "approve", id, "mallory")).toMatchObject({
    status: 1,
    said: { code: "approval.unsigned" },
  });
  expect(answer(one, "approve", id, "anna", "agent.key").status).not.toBe(0);
  expect(run("approvals", "list", url).status).toBe(2);
  expect(list()[0].given).toEqual([]);

  expect(answer(one, "approve", id, "anna")).toMatchObject({
    status: 0,
    said: { ok: true, decision: "approved" },
  });
  expect(list()).toMatchObject([{ id, given: [{ approver: { type: "User", id: "anna" } }] }]);
  const released = await release(one, id);
  expect(released.body).toMatchObject({ verdict: "allow", grant: { fields: { amount: 250, to: "ACME" } } });
  const { step: ran } = released.body;
  const outcome = { step: ran, status: "succeeded" };
  expect((await ask("POST", `${path}/outcomes`, outcome)).status).toBe(200);
  // Used up.
  expect(await release(one, id)).toMatchObject({
    status: 404,
    body: { error: { code: "approval.unknown" } },
  });
  expect(list()).toEqual([]);
  await held(one, 250);

  expect(await one.end()).toBe("SIGTERM");
  const entries = pol("log", "export", "decisions").trim().split("\n");
  const all = entries.map((line) => JSON.parse(line).entry);
  const decision = all.find((entry) => entry.id === ran);
  expect(decision).toMatchObject({ kind: "decision", verdict: "allow", approvals_consumed: [0] });
  const relations = decision.parents.map(({ relation }: { readonly relation: string }) => relation);
  expect(relations).toContain("approved");
  expect(all.filter(({ kind }) => kind === "approval")).toHaveLength(1);
  pol("log", "fsck", "decisions", "--key", "log.pub.pem");
});

test("an approval is of one request: another payee, another amount, or a doctored paper gets nothing", {
  timeout: LONG_MS,
}, async () => {
  const one = await open();
  const { pol, run, write, url, dir, ask } = one;
  const id = await held(one, 250, "ACME");
  expect(answer(one, "approve", id, "anna").status).toBe(0);
  // What was approved is this sum for this payee.
  for (const [amount, to] of [
    [251, "ACME"],
    [250, "MALLORY"],
  ] as const) {
    const other = await held(one, amount, to);
    expect(other).not.toBe(id);
    expect((await release(one, other)).body).toMatchObject({ code: "approval.pending", grant: null });
  }
  const waiting = await held(one, 300, "MALLORY");
  const listed = JSON.parse(pol("approvals", "list", url, "--api-key", "desk.key", "--json")).approvals;
  const pending = listed.find((each: { readonly id: string }) => each.id === waiting);
  // A friendlier payee is shown than the one that would be paid.
  const request = pending.request.replace("MALLORY", "ACME");
  write("doctored.json", JSON.stringify({ approvals: [{ ...pending, request }] }));
  const sign = ["--trust", "trust", "--key", "anna.pem", "-o", "signed.json", "--json"];
  const refused = run("approvals", "approve", "doctored.json", waiting, ...sign);
  expect([refused.status, JSON.parse(refused.stdout).code]).toEqual([1, "approval.wrong_request"]);
  // With a digest that fits it, it is signed, and it is not what waits.
  const request_digest = digestName(sha256(utf8(request)));
  write("doctored.json", JSON.stringify({ approvals: [{ ...pending, request, request_digest }] }));
  expect(run("approvals", "approve", "doctored.json", waiting, ...sign).status).toBe(0);
  const envelope = readFileSync(join(dir, "signed.json"), "utf8");
  const desk = readFileSync(join(dir, "desk.key"), "utf8").trim();
  const said = await ask("POST", "/v1/approvals", { envelope }, desk);
  expect(said.body.error.code).toBe("approval.wrong_request");
  expect((await release(one, waiting)).body).toMatchObject({ code: "approval.pending", grant: null });
  // The first one still stands, for what it was given.
  expect((await release(one, id)).body.grant.fields).toMatchObject({ amount: 250, to: "ACME" });
});

test("whoever is named does not approve, nor does a stranger to the group; one no, or silence, ends it", {
  timeout: LONG_MS,
}, async () => {
  const one = await open();
  const { pol, url } = one;
  const named = await held(one, 200, "ACME", { on_behalf: "anna" });
  expect(answer(one, "approve", named, "anna")).toMatchObject({
    status: 1,
    said: { code: "approval.named" },
  });
  expect((await release(one, named)).body.code).toBe("approval.pending");
  expect(answer(one, "approve", named, "bert").status).toBe(0);
  expect((await release(one, named)).body.verdict).toBe("allow");

  // Otto has a key in the trust root, and is not of the treasury: the evaluator says so.
  const strange = await held(one, 210);
  answer(one, "approve", strange, "otto");
  expect((await release(one, strange)).body.grant).toBeNull();

  const rejected = await held(one, 220);
  expect(answer(one, "reject", rejected, "bert")).toMatchObject({
    status: 0,
    said: { decision: "rejected" },
  });
  expect(answer(one, "approve", rejected, "anna").status).toBe(1);
  expect((await release(one, rejected)).body).toMatchObject({ verdict: "deny", code: "approval.rejected" });

  const late = await held(one, 600);
  await new Promise((resolve) => setTimeout(resolve, 2_200));
  expect(answer(one, "approve", late, "anna").status).toBe(1);
  expect(await release(one, late)).toMatchObject({
    status: 404,
    body: { error: { code: "approval.unknown" } },
  });
  const listed = JSON.parse(pol("approvals", "list", url, "--api-key", "desk.key", "--json")).approvals;
  expect(listed.map(({ id }: { readonly id: string }) => id)).not.toContain(late);
  // What ends takes what waits with it.
  const left = await held(one, 230);
  await one.ask("POST", `${one.path}/end`, { status: "succeeded" });
  expect((await release(one, left)).status).toBe(404);
});
