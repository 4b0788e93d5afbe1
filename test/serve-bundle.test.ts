/** `pol serve` and the gateway by a signed bundle that is followed by another one; the former over TLS. */
import { readdirSync, readFileSync, renameSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { certificate } from "./support/certificate.ts";
import { startGateway } from "./support/raw-gateway.ts";
import { type ServeDesk, type Served, serveDesk, startServe, trustOf } from "./support/serve-process.ts";

const LONG_MS = 240_000;
const policy = (low: number) => `polity 1
policy test.doors version 1
entity Agent
subject agent: Agent
action enter { door: int 0..9 }
allow low on enter when door < ${low}
`;
const SET = { members: [{ name: "policy", file: "doors.pol" }] };
const FACTS = { entities: [{ type: "Agent", id: "a1" }] };

/** A later epoch, made beside the files that are served and moved into their place. */
function publisher(desk: ServeDesk) {
  const { dir, pol, write } = desk;
  const move = (from: string, to: string) => renameSync(join(dir, from), join(dir, to));
  return {
    epoch(number: number, low: number, key = "root.pem") {
      write("doors.pol", policy(low));
      const about = ["--set", "doors", "--epoch", String(number), "--facts", "facts.json"];
      pol("bundle", "create", "set.json", ...about, "-o", `${number}.tar`);
      pol("bundle", "sign", `${number}.tar`, "--key", key);
      return `${number}.tar`;
    },
    note(bundle: string, ms: number, name = "now.fresh.json") {
      const until = new Date(Date.now() + ms).toISOString();
      const about = ["--trust", "trust", "--bundle", bundle, "--until", until, "--key", "root.pem"];
      pol("freshness", "issue", ...about, "-o", "next.fresh.json");
      move("next.fresh.json", name);
    },
    move,
  };
}

const enter = ({ ask }: Pick<Served, "ask">, door: number) =>
  ask("POST", "/v1/decide", { action: "enter", fields: { agent: "a1", door } });

test("another epoch, a later note, the end of a note, and an older bundle", {
  timeout: LONG_MS,
}, async () => {
  const desk = serveDesk({ "set.json": JSON.stringify(SET), "facts.json": JSON.stringify(FACTS) });
  const key = desk.apiKey("agent", "execute", "decide");
  trustOf(desk, {}, "doors", ["Agent"]);
  desk.pol("facts", "sign", "facts.json", "--set", "doors", "--key", "root.pem");
  const { epoch, note, move } = publisher(desk);
  const [first, second, strange] = [epoch(1, 5), epoch(2, 3), epoch(3, 9, "log.pem")];
  desk.write("first.tar", readBack(desk, first));
  note(first, 120_000);
  move(first, "now.tar");
  const signed = [
    "--policy",
    "now.tar",
    "--trust",
    "trust",
    "--freshness",
    "now.fresh.json",
    "--first-start",
  ];
  const [gateway, served] = await Promise.all([
    startGateway(desk, [...signed, "--floor", "other-floor"]),
    startServe(desk, key, [...signed, "--floor", "floor"]),
  ]);
  const codeOf = async (door: number) => (await gateway.enter(door)).result.structuredContent?.code;
  const { ask, told } = served;
  const bothTold = (text: string) =>
    vi.waitFor(
      () => expect([told(), gateway.told()].filter((one) => !one.includes(text))).toEqual([]),
      20_000,
    );
  expect((await enter(served, 4)).body).toMatchObject({ verdict: "allow" });
  const begun = await ask("POST", "/v1/executions", { agent: { type: "Agent", id: "a1" } });
  const path = `/v1/executions/${begun.body.id}`;
  const running = await ask("POST", `${path}/steps`, { action: "enter", fields: { door: 4 } });
  expect(running.body.grant.fields).toMatchObject({ door: 4 });
  expect(await codeOf(4)).toBeUndefined();

  // What is no bundle, or has no note yet, changes nothing, and takes no room.
  const kept = keptIn(desk);
  desk.write("half.tar", readBack(desk, second).subarray(0, 700));
  move("half.tar", "now.tar");
  await bothTold("`now.tar` is refused");
  expect((await enter(served, 4)).body.verdict).toBe("allow");
  // Signed well enough, by somebody whom nobody trusts.
  move(strange, "now.tar");
  await bothTold("envelope.wrong_key");
  desk.write("copy.tar", readBack(desk, second));
  move("copy.tar", "now.tar");
  await bothTold("freshness.");
  expect((await enter(served, 4)).body.verdict).toBe("allow");
  expect(await codeOf(4)).toBeUndefined();
  expect(keptIn(desk)).toEqual(kept);

  // With its note the new epoch decides, and stops what it no longer allows.
  note(second, 15_000);
  const notice = await ask("GET", `${path}/abort?wait=20`);
  expect(notice.body).toMatchObject({ is_over: true, abort: { code: "no_rule" } });
  expect((await enter(served, 4)).body).toMatchObject({ verdict: "deny", code: "no_rule" });
  expect((await enter(served, 2)).body).toMatchObject({ verdict: "allow" });
  await bothTold("epoch 2 is active");
  expect((await ask("GET", "/readyz")).status).toBe(200);

  // Nobody says any more that it is the latest.
  await vi.waitFor(async () => expect((await enter(served, 2)).body.code).toBe("policy.stale"), 30_000);
  const unready = await ask("GET", "/readyz");
  expect([unready.status, unready.body.ok]).toEqual([503, false]);
  expect(await codeOf(2)).toBe("policy.stale");
  expect(unready.body.reason).toContain("it needs a new note");
  const again = await ask("POST", "/v1/executions", { agent: { type: "Agent", id: "a1" } });
  const late = await ask("POST", `/v1/executions/${again.body.id}/steps`, {
    action: "enter",
    fields: { door: 2 },
  });
  expect(late.body).toMatchObject({ verdict: "deny", code: "policy.stale", grant: null });

  note(second, 120_000);
  await vi.waitFor(async () => expect((await ask("GET", "/readyz")).status).toBe(200), 10_000);
  expect((await enter(served, 2)).body.verdict).toBe("allow");

  // An older one is an older one, however well it is signed.
  note("first.tar", 120_000);
  move("first.tar", "now.tar");
  await bothTold("epoch.rolled_back");
  expect((await enter(served, 4)).body.verdict).toBe("deny");
  expect((await enter(served, 2)).body.verdict).toBe("allow");
  // The session of the gateway has lasted through all of this.
  expect([await codeOf(4), await codeOf(2)]).toEqual(["no_rule", undefined]);
  await served.end();
  // A client that reads no more does not keep the gateway: it ends, with its log closed.
  gateway.stopReading();
  for (const door of [0, 0]) void gateway.enter(door);
  await vi.waitFor(() => expect(gateway.told()).toMatch(/(?:answered at length\n){2}/), 20_000);
  expect(await gateway.end()).toBe(0);
  for (const log of ["decisions", "passes"]) expect(refusedIn(desk, log)).toEqual(REFUSED);
  // Every decision can be made again, whichever epoch made it.
  const replayed = desk.run("replay", "decisions", "--json");
  expect([replayed.status, replayed.stderr]).toEqual([0, ""]);
});

/** Each once, whatever was told about it how often. */
const REFUSED = ["bundle.archive", "envelope.wrong_key", "freshness.rolled_back", "epoch.rolled_back"];

function refusedIn({ pol }: ServeDesk, log: string): readonly unknown[] {
  const lines = pol("log", "export", log).trim().split("\n");
  const entries = lines.map((line) => JSON.parse(line).entry);
  return entries.filter(({ event }) => event === "policy").map(({ name }) => name);
}

/** What lies beside both logs to decide with. */
function keptIn({ dir }: ServeDesk): readonly (readonly string[])[] {
  return ["decisions", "passes"].map((log) => readdirSync(join(dir, log, "artefacts")).sort());
}

function readBack({ dir }: ServeDesk, name: string): Buffer {
  return readFileSync(join(dir, name));
}

test("TLS with a certificate of its own; plain HTTP and older versions get nothing", {
  timeout: LONG_MS,
}, async () => {
  const desk = serveDesk({ "doors.pol": policy(5), "facts.json": JSON.stringify(FACTS) });
  const key = desk.apiKey("agent", "decide");
  certificate(desk.dir, "tls", "localhost");
  certificate(desk.dir, "other", "localhost");
  const plain = ["--policy", "doors.pol", "--facts", "facts.json"];
  // A key that is not the certificate's, and one that others may read, are told before anything is answered.
  const serve = ["serve", "--keys", "keys.json", "--log", "decisions", "--key", "log.pem", ...plain];
  const wrong = desk.run(
    ...serve,
    "--listen",
    "127.0.0.1:0",
    "--tls-cert",
    "tls.crt",
    "--tls-key",
    "other.key",
  );
  expect(wrong.status).toBe(2);
  expect(wrong.stderr).toMatch(/^pol: error: [^\n]*tls\.crt[^\n]*\n/);
  const tls = ["--tls-cert", "tls.crt", "--tls-key", "tls.key"];
  const { url } = await startServe(desk, key, [...plain, ...tls]);
  expect(url).toMatch(/^https:\/\/127\.0\.0\.1:/);
  const ca = readBack(desk, "tls.crt");
  const said = await askTls(url, key, { ca });
  expect(said).toMatchObject({ status: 200, body: { verdict: "allow", fields: { door: 4 } } });
  expect(await askTls(url, "pol_none", { ca })).toMatchObject({ status: 401 });
  // Whoever does not know the certificate does not send the key.
  await expect(askTls(url, key, { ca: readBack(desk, "other.crt") })).rejects.toThrow(/self.signed|verify/);
  await expect(askTls(url, key, { ca, maxVersion: "TLSv1.1", minVersion: "TLSv1" })).rejects.toThrow();
  await expect(fetch(`${url.replace("https", "http")}/healthz`)).rejects.toThrow();
});

function askTls(
  url: string,
  key: string,
  tls: object,
): Promise<{ status: number | undefined; body: unknown }> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${key}`, "content-type": "application/json" };
    const asking = request(`${url}/v1/decide`, { method: "POST", headers, ...tls }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (piece: string) => {
        text += piece;
      });
      response.on("end", () => resolve({ status: response.statusCode, body: JSON.parse(text) }));
    });
    asking.on("error", reject);
    asking.end(JSON.stringify({ action: "enter", fields: { agent: "a1", door: 4 } }));
  });
}
