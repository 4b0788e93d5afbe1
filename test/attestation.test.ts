/** Real processes: what a workload shows fills fields while it holds, and what runs ends with it. */
import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { attestedDesk, type Gateway, OTHER, RELEASED } from "./support/attested-desk.ts";

const LONG_MS = 120_000;
const soon = { timeout: 30_000, interval: 50 };
const UTC = (ms: number) => `${new Date(ms).toISOString().slice(0, 19)}Z`;

async function answered(gateway: Gateway, count: number) {
  await expect.poll(() => gateway.said().length, soon).toBeGreaterThanOrEqual(count);
  return gateway.said()[count - 1]!;
}

async function ended(gateway: Gateway): Promise<number | null> {
  await expect.poll(gateway.status, soon).not.toBeNull();
  return gateway.status();
}

describe("a gateway whose workload is attested", () => {
  test("pays, goes on with a renewed statement, and stops at another image", {
    timeout: LONG_MS,
  }, async () => {
    const { attest, gateway, events } = attestedDesk();
    attest();
    const one = gateway();
    one.call(1);
    expect((await answered(one, 1)).result).toEqual({ content: [] });
    one.call(2);
    await expect.poll(one.told, soon).toContain("called 2");
    attest();
    await expect.poll(one.told, soon).toContain("`attestation.json` was read again");
    one.call(1);
    expect((await answered(one, 2)).result).toEqual({ content: [] });
    attest({}, OTHER);
    // What still runs may not any more: it is stopped, and with it the session.
    expect(await ended(one)).toBe(1);
    expect(one.told()).toContain("the execution was stopped");
    expect(one.said().filter(({ id }) => id === 2)).toHaveLength(1);
    expect(events()).toEqual([`attestation ok ${RELEASED}`, `attestation.drifted ok ${OTHER}`]);
    // The next one begins as what it is, and may not pay.
    const next = gateway();
    next.call(1);
    expect((await answered(next, 1)).result?.structuredContent?.code).toBe("no_rule");
    next.end();
    expect(await ended(next)).toBe(0);
  });

  test("stops when its statement ends", { timeout: LONG_MS }, async () => {
    const { attest, gateway } = attestedDesk();
    const end = Date.now() + 8_000;
    attest({ until: UTC(end) });
    const one = gateway();
    one.call(1);
    expect((await answered(one, 1)).result).toEqual({ content: [] });
    expect(await ended(one)).toBe(1);
    expect(Date.now()).toBeGreaterThanOrEqual(Math.floor(end / 1000) * 1000);
    expect(one.told()).toContain("the statement about what runs has expired");
  });

  const swaps: readonly (readonly [string, (desk: ReturnType<typeof attestedDesk>) => void, string])[] = [
    ["is gone", ({ dir }) => rmSync(join(dir, "attestation.json")), "attestation.malformed"],
    [
      "is one about another agent",
      ({ attest }) => void attest({ agent: "Agent::a2" }),
      "attestation.wrong_agent",
    ],
    [
      "is far too large",
      ({ dir }) => writeFileSync(join(dir, "attestation.json"), " ".repeat(1 << 24)),
      "attestation.malformed",
    ],
    [
      "was issued before",
      ({ dir }) => {
        const early = readFileSync(join(dir, "early.json"), "utf8");
        writeFileSync(join(dir, "attestation.json"), early);
      },
      "attestation.replayed",
    ],
  ];
  test.each(swaps)("stops when the file %s", { timeout: LONG_MS }, async (_, swap, code) => {
    const desk = attestedDesk();
    desk.attest({ output: "early.json", now: UTC(Date.now() - 60_000) });
    desk.attest();
    const one = desk.gateway();
    one.call(2);
    await expect.poll(one.told, soon).toContain("called 2");
    swap(desk);
    expect(await ended(one)).toBe(1);
    expect(one.told()).toContain(`counts no longer: ${code}`);
    expect(desk.events()).toEqual([`attestation failed ${code}`]);
  });
});

test("nothing begins with a statement that does not count, and says why", { timeout: LONG_MS }, async () => {
  const desk = attestedDesk();
  const { dir, attest, gateway, pol } = desk;
  const path = join(dir, "attestation.json");
  const begins = async (code: string) => {
    const one = gateway();
    expect(await ended(one)).toBe(1);
    expect(one.told()).toContain(code);
    expect(one.said()).toEqual([]);
  };
  attest({ agent: "Agent::a2" });
  await begins("attestation.wrong_agent");
  attest({ now: UTC(Date.now() + 3_600_000) });
  await begins("attestation.not_yet_valid");
  attest({ now: UTC(Date.now() - 7_200_000) });
  await begins("attestation.expired");
  attest();
  const good = readFileSync(path, "utf8");
  const envelope = JSON.parse(good);
  const payload = Buffer.from(envelope.payload, "base64").toString();
  const changed = (text: string) => {
    const other = { ...envelope, payload: Buffer.from(text).toString("base64") };
    writeFileSync(path, JSON.stringify(other));
    return good !== JSON.stringify(other);
  };
  expect(changed(payload.replace("a1a1", "b2b2"))).toBe(true);
  await begins("attestation.unsigned");
  expect(changed(payload.replace('"hardware":', '"hardware":"enclave","hardware":'))).toBe(true);
  await begins("attestation.malformed");
  writeFileSync(path, good.replace('"payload":', '"payload":"","payload":'));
  await begins("attestation.malformed");
  // Somebody who may contain may not attest.
  const forged = pol(
    ...["attest", "issue", `example.com/agent@${RELEASED}`, "--agent", "Agent::a1", "--trust", "trust"],
    ...["--environment", "production", "--hardware", "tpm", "--key", "watch.pem", "-o", "attestation.json"],
  );
  expect([forged.status, forged.stderr]).toEqual([
    1,
    expect.stringContaining("attestation.unsigned: `watch.pem` is the key of no attester"),
  ]);
  writeFileSync(path, "x".repeat(100_000));
  const large = gateway();
  expect(await ended(large)).toBe(2);
  expect(large.told()).toContain("larger than 64 KiB");
});

test("an execution of the service begins with one, shows a newer one, and ends with it", {
  timeout: LONG_MS,
}, async () => {
  const { dir, attest, sound, options, launcher, events, refusals } = attestedDesk();
  const key = sound("api-key", "add", "ops", "--keys", "keys.json").trim().split(/\s+/).at(-1)!;
  const args = [launcher, "serve", ...options, "--keys", "keys.json", "--listen", "127.0.0.1:0", "--json"];
  const child = spawn(process.execPath, args, { cwd: dir });
  let out = "";
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.resume();
  try {
    await expect.poll(() => out, soon).toContain('"start"');
    const url = (JSON.parse(out.split("\n")[0]!) as { readonly url: string }).url;
    const ask = async (path: string, body: object) => {
      const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
      const response = await fetch(new URL(path, url), {
        method: "POST",
        headers,
        body: JSON.stringify(body),
      });
      return { status: response.status, body: (await response.json()) as Record<string, never> };
    };
    const show = (more?: object, image?: string): string => {
      attest(more as Record<string, string>, image);
      return readFileSync(join(dir, "attestation.json"), "utf8");
    };
    const agent = { type: "Agent", id: "a1" };
    const other = await ask("/v1/executions", { agent, attestation: show({ agent: "Agent::a2" }) });
    expect([other.status, other.body.error]).toMatchObject([403, { code: "attestation.wrong_agent" }]);
    const begun = await ask("/v1/executions", { agent, attestation: show() });
    expect(begun.status).toBe(201);
    const { id } = begun.body;
    const step = { action: "pay", fields: { amount: 5 } };
    const granted = await ask(`/v1/executions/${id}/steps`, step);
    expect(granted.body).toMatchObject({ verdict: "allow", grant: { fields: { amount: 5 } } });
    const bad = await ask(`/v1/executions/${id}/attestation`, { envelope: "{}" });
    expect([bad.status, bad.body.error]).toMatchObject([400, { code: "attestation.malformed" }]);
    // Whoever knows an id can show junk, which changes nothing.
    const alive = await ask(`/v1/executions/${id}/attestation`, { envelope: show() });
    expect([alive.status, alive.body]).toEqual([200, { entry: expect.stringMatching(/^[0-9a-f-]{36}$/) }]);
    expect((await ask(`/v1/executions/${id}/attestation`, { envelope: show({}, OTHER) })).status).toBe(200);
    const headers = { authorization: `Bearer ${key}` };
    const abort = await fetch(new URL(`/v1/executions/${id}/abort?wait=10`, url), { headers });
    expect(await abort.json()).toMatchObject({ is_over: true, abort: { code: "no_rule" } });
    child.kill("SIGTERM");
    await new Promise((resolve) => child.on("exit", resolve));
    expect(events()).toEqual([`attestation ok ${RELEASED}`, `attestation.drifted ok ${OTHER}`]);
    const refused = [
      "attestation.wrong_agent refused begin Agent::a1",
      "attestation.malformed refused attestation",
    ];
    expect(refusals()).toEqual(refused);
  } finally {
    child.kill("SIGKILL");
  }
});

test("each session over HTTP begins with the statement as it is then, and ends with it", {
  timeout: LONG_MS,
}, async () => {
  const { dir, attest, sound, options, launcher, events } = attestedDesk();
  const keyOf = (name: string, agent: string) =>
    sound("api-key", "add", name, "--keys", "keys.json", "--agent", agent).trim().split(/\s+/).at(-1)!;
  const [key, other] = [keyOf("one", "Agent::a1"), keyOf("two", "Agent::a2")];
  attest();
  const way = ["--server", "bank", "--attestation", "attestation.json", "--listen", "127.0.0.1:0"];
  const behind = ["--", process.execPath, "server.cjs"];
  const args = [launcher, "gateway", "mcp", ...options, ...way, "--keys", "keys.json", ...behind];
  const child = spawn(process.execPath, args, { cwd: dir });
  let out = "";
  let told = "";
  child.stdout.on("data", (chunk) => (out += chunk));
  child.stderr.on("data", (chunk) => (told += chunk));
  try {
    await expect.poll(() => out, soon).toMatch(/http\S+/);
    const [url = ""] = /http\S+/.exec(out) ?? [];
    const ask = async (body: object, by: string, id: string | null = null) => {
      const accept = "application/json, text/event-stream";
      const session: Record<string, string> = id === null ? {} : { "mcp-session-id": id };
      // A connection that is used again may be closed by then.
      const connection = "close";
      const headers = {
        accept,
        "content-type": "application/json",
        authorization: `Bearer ${by}`,
        connection,
        ...session,
      };
      const message = JSON.stringify({ jsonrpc: "2.0", ...body });
      const response = await fetch(url, { method: "POST", headers, body: message });
      return {
        status: response.status,
        id: response.headers.get("mcp-session-id"),
        text: await response.text(),
      };
    };
    const initialize = { id: 0, method: "initialize", params: {} };
    const pay = (id: number) => ({
      id,
      method: "tools/call",
      params: { name: "pay", arguments: { amount: 1 } },
    });
    const [one, two] = [await ask(initialize, key), await ask(initialize, key)];
    expect((await ask(pay(1), key, one.id)).text).toContain('"result":{"content":[]}');
    expect((await ask(pay(1), key, two.id)).text).toContain('"result":{"content":[]}');
    // It is about one agent: others have no session by it.
    expect((await ask(initialize, other)).text).toContain("attestation.wrong_agent");
    attest({}, OTHER);
    await expect.poll(() => told.split("`attestation.json` was read again").length, soon).toBe(3);
    expect((await ask(pay(2), key, one.id)).text).toContain("no_rule");
    rmSync(join(dir, "attestation.json"));
    await expect.poll(() => told.split("has ended: the execution was stopped").length, soon).toBe(3);
    expect((await ask(pay(3), key, one.id)).status).toBe(404);
    expect((await ask(initialize, key)).text).toContain("attestation.malformed");
    attest();
    const next = await ask(initialize, key);
    expect((await ask(pay(1), key, next.id)).text).toContain('"result":{"content":[]}');
    child.kill("SIGTERM");
    await new Promise((resolve) => child.on("exit", resolve));
    const drifted = `attestation.drifted ok ${OTHER}`;
    const gone = "attestation failed attestation.malformed";
    expect(events().filter((one) => one === drifted || one === gone)).toEqual([drifted, drifted, gone, gone]);
  } finally {
    child.kill("SIGKILL");
  }
});
