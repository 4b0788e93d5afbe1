/**
 * The same gateway over HTTP: whoever has a key of it tries to act for others, or to be read in two ways.
 * Each key is somebody's, so that every attempt has somebody to be written down for.
 */
import { request } from "node:http";
import { pol, until } from "../shared/pol.js";
import { saidBy, startGateway } from "./desk.js";

const JSON_TYPES = { accept: "application/json, text/event-stream", "content-type": "application/json" };
const VERSION = "2025-11-25";
const HELLO = `{"protocolVersion":"${VERSION}","capabilities":{},"clientInfo":{"name":"a","version":"1"}}`;
const INITIALIZE = `{"jsonrpc":"2.0","id":"hello","method":"initialize","params":${HELLO}}`;
/** Only announced: it is refused by that alone. */
const TOO_LARGE = { "content-length": "5000000" };

export async function attackOverHttp(dir, { attempt, call, works }) {
  const keyOf = (name, ...more) => pol(dir, "api-key", "add", name, "--keys", "keys.json", ...more).trim();
  const own = keyOf("own", "--agent", "Agent::buyer");
  const others = keyOf("others", "--agent", "Agent::buyer");
  const narrow = keyOf("narrow", "--agent", "Agent::buyer", "--action", "refund");
  const strangers = keyOf("strangers", "--agent", "Agent::seller");
  const gateway = startGateway(dir, ["--listen", "127.0.0.1:0", "--keys", "keys.json"]);
  const url = await until("a gateway that listens", () => /http:\S+/.exec(gateway.told.out)?.[0]);
  const asker = (key) => (body, headers, method) => ask(url, key, body, headers, method);
  const [say, asOther, asNarrow, asStranger] = [own, others, narrow, strangers].map(asker);
  const good = () => call('{"amount":25,"to":"acme"}');
  const session = await greeted(say);
  await works(say(good(), session));

  let attack = "another's session";
  async function tries(rows) {
    for (const [what, run] of rows) await attempt(attack, what, run);
  }
  await tries([
    ["with a key of one's own", () => asOther(good(), session)],
    ["its stream", () => asOther("", { ...session, accept: "text/event-stream" }, "GET")],
    ["its end", () => asOther("", session, "DELETE")],
    ["as whose child", () => asOther(INITIALIZE, { "polity-parent": session["mcp-session-id"] })],
    ["one that never was", () => say(good(), { "mcp-session-id": "A".repeat(43) })],
    ["none", () => say(good())],
  ]);

  attack = "another's key";
  const other = await greeted(asNarrow);
  await tries([
    ["as an agent of one's own choice", () => say(INITIALIZE, { "polity-agent": "Agent::root" })],
    ["of an agent from elsewhere", () => asStranger(INITIALIZE)],
    ["for another action", () => asNarrow(good(), other)],
  ]);

  attack = "wrong headers";
  const saying = (headers) => () => say(good(), { ...session, ...headers });
  await tries([
    ["another host", saying({ host: "bank.evil.example" })],
    ["from a page in a browser", saying({ origin: "http://127.0.0.1" })],
    ["another version", saying({ "mcp-protocol-version": "2024-11-05" })],
    ["another kind of content", saying({ "content-type": "text/plain" })],
    ["packed", saying({ "content-encoding": "gzip" })],
    ["which takes no answer", saying({ accept: "text/html" })],
    ["an answer of before", () => say("", { ...session, "last-event-id": "1" }, "GET")],
    ["another place", () => ask(`${url}/../admin`, own, good(), session)],
  ]);

  attack = "messages over HTTP";
  const twice = call('{"to":"acme","amount":25,"to":"mallory"}');
  const used = good();
  await works(say(used, session));
  await tries([
    ["a name twice", () => say(twice, session)],
    ["many in one", () => say(`[${good()}]`, session)],
    ["too large", () => say(null, { ...session, ...TOO_LARGE })],
    ["an id again", () => say(used, session)],
    ["a second beginning", () => say(INITIALIZE, session)],
  ]);

  await works(say(good(), session));
  gateway.child.kill("SIGTERM");
  await gateway.ended;
}

async function greeted(say) {
  const { session } = await say(INITIALIZE);
  const headers = { "mcp-session-id": session };
  await say('{"jsonrpc":"2.0","method":"notifications/initialized"}', headers);
  return headers;
}

/** By hand: any host may be named, and any length. */
function ask(url, key, body, headers = {}, method = "POST") {
  return new Promise((resolve, reject) => {
    const all = { ...JSON_TYPES, authorization: `Bearer ${key}`, connection: "close", ...headers };
    const sent = request(url, { method, headers: all }, async (response) => {
      // A stream that opens has no end to wait for.
      const isStream = method === "GET" && response.statusCode === 200;
      const text = isStream ? '{"error":{"code":"opened"}}' : await textOf(response);
      const session = response.headers["mcp-session-id"] ?? null;
      const json = text.startsWith("{") ? text : (/^data: (\{.*)$/m.exec(text)?.[1] ?? "{}");
      sent.destroy();
      resolve({ ...saidBy(JSON.parse(json)), session });
    });
    sent.on("error", reject);
    if (body === null) sent.flushHeaders();
    else sent.end(body);
  });
}

async function textOf(response) {
  let text = "";
  for await (const part of response.setEncoding("utf8")) text += part;
  return text;
}
