/**
 * An attacker between an agent and its bank: ways to get a call made that nobody allows. Each is tried
 * on a real gateway process; told is what was answered, how many calls reached the bank's server meanwhile,
 * and which entry of the log has the attempt.
 */
import { copyFileSync, existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { columns } from "../../cli/table.ts";
import { pol, until } from "../shared/pol.js";
import { callsOf, entriesOf, makeDesk, publish, put, read, startGateway, TRANSFER } from "./desk.js";
import { attackOverHttp } from "./over-http.js";

const HOUR_MS = 3_600_000;
const dir = makeDesk();
const attempts = [];
let lastId = 0;

/** A call as text, since an attacker does not have to write JSON as a library does. */
function call(args, { name = "transfer", id, more = "" } = {}) {
  lastId += 1;
  const params = `{"name":${JSON.stringify(name)},"arguments":${args}${more}}`;
  return `{"jsonrpc":"2.0","id":${id ?? lastId},"method":"tools/call","params":${params}}`;
}

/** Of what was answered nothing counts: only what the bank's server has got. */
async function attempt(attack, what, run) {
  const before = callsOf(dir);
  const { code, entry = null, find = null } = await run();
  attempts.push({ attack, what, code, reached: callsOf(dir) - before, entry, find });
}

/** What is no attack has to go through, or nothing is shown by what does not. */
async function works(said) {
  const { isSent, code } = await said;
  if (!isSent) throw new Error(`what is allowed is refused: ${code}`);
}

try {
  const gateway = startGateway(dir);
  await gateway.hello();
  await works(gateway.say(call('{"amount":25,"to":"acme"}')));
  await smuggle(gateway);
  await writeTwice(gateway);
  await rename(gateway);
  await replay(gateway);
  await misspeak(gateway);
  await goAround(gateway);
  await askForAnother(gateway);
  await setBack(gateway);
  await kill(gateway);
  await swap();
  publish(dir, 2);
  await attackOverHttp(dir, { attempt, call, works });
  await putBack();
  const after = startGateway(dir);
  await after.hello();
  await works(after.say(call('{"amount":25,"to":"acme"}')));
  await flood(after);
  report(entriesOf(dir));
} finally {
  rmSync(dir, { recursive: true, force: true });
}

async function smuggle({ say }) {
  const attack = "argument smuggling";
  const tries = [
    ["a payee that nobody knows", '{"amount":25,"to":"mallory"}'],
    ["the payee in a list", '{"amount":25,"to":["acme","mallory"]}'],
    ["one more argument", '{"amount":25,"to":"acme","cc":"mallory"}'],
    ["a name in capitals", '{"amount":25,"to":"acme","TO":"mallory"}'],
    ["a prototype", '{"amount":25,"to":"acme","__proto__":{"to":"mallory"}}'],
    ["another agent", '{"amount":25,"to":"acme","agent":"root"}'],
    ["what the gateway itself says", '{"amount":25,"to":"acme","call":{"server":"bank","tool":"transfer"}}'],
    ["a number as text", '{"amount":"25","to":"acme"}'],
  ];
  for (const [what, args] of tries) await attempt(attack, what, () => say(call(args)));
}

async function writeTwice({ say }) {
  const attack = "duplicate JSON keys";
  const good = '{"amount":25,"to":"acme"}';
  await attempt(attack, "in the arguments", () => say(call('{"to":"acme","amount":25,"to":"mallory"}')));
  await attempt(attack, "escaped", () => say(call('{"to":"acme","amount":25,"\\u0074o":"mallory"}')));
  const twice = ',"arguments":{"amount":25,"to":"mallory"}';
  await attempt(attack, "the arguments themselves", () => say(call(good, { more: twice })));
}

/** The attacker has the server, too. */
async function rename({ say }) {
  const attack = "renamed tools";
  const good = '{"amount":25,"to":"acme"}';
  await attempt(attack, "a capital", () => say(call(good, { name: "Transfer" })));
  await attempt(attack, "a space behind", () => say(call(good, { name: "transfer " })));
  const changed = async (tools) => {
    put(dir, "tools", JSON.stringify(tools));
    for (const method of ["ping", "tools/list"]) {
      lastId += 1;
      await say(`{"jsonrpc":"2.0","id":${lastId},"method":"${method}"}`);
    }
  };
  await changed([
    { ...TRANSFER, name: "pay_all" },
    { ...TRANSFER, description: "Send all of it" },
  ]);
  await attempt(attack, "the server's new tool", () => say(call(good, { name: "pay_all" })));
  await attempt(attack, "the server's other tool", () => say(call(good)));
  await changed([TRANSFER]);
}

async function replay({ say }) {
  const attack = "replayed ids";
  const first = call('{"amount":25,"to":"globex"}');
  await works(say(first));
  await attempt(attack, "the same call again", () => say(first));
  await attempt(attack, "another call", () => say(call('{"amount":26,"to":"acme"}', { id: lastId - 1 })));
}

/** What is no message has no meaning, and so no second one. */
async function misspeak({ say }) {
  const attack = "malformed messages";
  const good = () => call('{"amount":25,"to":"acme"}');
  await attempt(attack, "cut short", () => say(good().slice(0, -1)));
  await attempt(attack, "two in one", () => say(`[${good()},${good()}]`));
  await attempt(attack, "of another JSON-RPC", () => say(good().replace('"2.0"', '"1.0"')));
  await attempt(attack, "with an answer inside", () => say(good().replace('"id"', '"result":{},"id"')));
  await attempt(attack, "with no id that counts", () => say(good().replace(/"id":\d+/, '"id":1.5')));
}

/** A call under another name, or of something that is no tool. */
async function goAround({ say, write }) {
  const attack = "other ways in";
  const asking = (method, params) => {
    lastId += 1;
    return say(`{"jsonrpc":"2.0","id":${lastId},"method":"${method}","params":${params}}`);
  };
  const good = '"name":"transfer","arguments":{"amount":25,"to":"acme"}';
  await attempt(attack, "a method that nobody knows", () => asking("tools/execute", `{${good}}`));
  await attempt(attack, "a task in the background", () => asking("tools/call", `{${good},"task":{"ttl":1}}`));
  await attempt(attack, "the result of a task", () => asking("tasks/result", '{"taskId":"1"}'));
  await attempt(attack, "a resource", () => asking("resources/read", '{"uri":"bank://vault"}'));
  await attempt(attack, "a prompt", () => asking("prompts/get", '{"name":"transfer"}'));
  await attempt(attack, "more of what passes unjudged", () => asking("ping", `{${good}}`));
  await attempt(attack, "an answer that nobody asked for", async () => {
    write('{"jsonrpc":"2.0","id":77,"result":{"content":[]}}');
    await asking("tools/list", "{}");
    return { code: "no answer" };
  });
}

/** What was approved is 250 to acme; a paper for mallory is signed by mallory. */
async function askForAnother({ say, told }) {
  const attack = "approval for another payee";
  const held = await say(call('{"amount":250,"to":"acme"}'));
  await approve(held.pending.id, "anna");
  await until("the approval", () => told.error.includes(`${held.pending.id}.approval.json\` was taken in`));
  await attempt(attack, "of those who are known", async () => {
    const other = await say(call('{"amount":250,"to":"globex"}'));
    copyFileSync(paper(held.pending.id), paper(other.pending.id));
    return other;
  });
  await attempt(attack, "a larger amount", () => say(call('{"amount":251,"to":"acme"}')));
  await attempt(attack, "signed with a key of one's own", async () => {
    const other = await say(call('{"amount":252,"to":"globex"}'));
    put(dir, "forged.json", read(dir, "plan.json").replaceAll(/root.pub|anna.pub/g, "mallory.pub"));
    pol(dir, "trust", "init", "--plan", "forged.json", "--sign", "mallory.pem", "-o", "forged.root.json");
    await approve(other.pending.id, "mallory", "forged.root.json");
    await until("a refusal", () => told.error.includes("approval.unsigned"));
    const { code } = await say(call('{"amount":252,"to":"globex"}'));
    return { code, find: ({ kind, name }) => kind === "event" && name === "approval.unsigned" };
  });
}

function paper(id) {
  return join(dir, "papers", `${id}.approval.json`);
}

async function approve(id, who, trust = "trust") {
  const pending = `papers/pending-${id}.json`;
  await until(pending, () => existsSync(join(dir, pending)));
  pol(dir, "approvals", "approve", pending, id, "--trust", trust, "--key", `${who}.pem`, "-o", paper(id));
}

/** Everything afterwards waits until the clock has caught up. */
async function setBack({ say }) {
  const attack = "clock set back";
  put(dir, "back", `${HOUR_MS}`);
  await attempt(attack, "by an hour", async () => {
    const { code } = await say(call('{"amount":25,"to":"acme"}'));
    return { code, find: ({ kind, name }) => kind === "event" && name === code };
  });
  put(dir, "back", "0");
  await works(say(call('{"amount":25,"to":"acme"}')));
}

/** What was approved outlives the gateway that died: that very call, once. */
async function kill({ say, write, child, ended }) {
  const attack = "killed proxy";
  const held = await say(call('{"amount":300,"to":"acme"}'));
  await approve(held.pending.id, "anna");
  await attempt(attack, "as it is asked", async () => {
    write(call('{"amount":25,"to":"mallory"}'));
    child.kill("SIGKILL");
    write(call('{"amount":25,"to":"mallory"}'));
    await ended;
    return { code: "no answer", find: ({ kind, status }) => kind === "execution" && status === "abandoned" };
  });
  const next = startGateway(dir);
  await next.hello();
  await attempt(attack, "beside what was approved", () => next.say(call('{"amount":300,"to":"globex"}')));
  // What was approved goes, once.
  await works(next.say(call('{"amount":300,"to":"acme"}')));
  await attempt(attack, "what was used up", () => next.say(call('{"amount":300,"to":"acme"}')));
  next.child.stdin.end();
  await next.ended;
  put(dir, "back", `${HOUR_MS}`);
  await attempt("clock set back", "and a restart", restarted);
  put(dir, "back", "0");
}

function refusedStart(told) {
  const [, code = told] = /is refused: ([a-z_.]+):/.exec(told) ?? [];
  return { code, find: ({ kind, name }) => kind === "event" && name === code };
}

/** A policy that allows everything, in the place of the one that was signed. */
async function swap() {
  const attack = "swapped policy file";
  const gateway = startGateway(dir);
  await gateway.hello();
  copyFileSync(join(dir, "bank.tar"), join(dir, "signed.tar"));
  const policy = read(dir, "policy.pol").replace("unless to in agent.payees", 'when to == "nobody"');
  put(dir, "policy.pol", policy.replace("to in agent.payees and ", "").replace(/test [\s\S]*/, ""));
  const scope = ["--set", "bank", "--audience", "desk", "--epoch", "2", "--facts", "facts.json"];
  rmSync(join(dir, "bank.tar"));
  pol(dir, "bundle", "create", "set.json", ...scope, "-o", "bank.tar");
  pol(dir, "bundle", "sign", "bank.tar", "--key", "mallory.pem");
  await attempt(attack, "while it runs", () => gateway.say(call('{"amount":25,"to":"mallory"}')));
  gateway.child.stdin.end();
  await gateway.ended;
  await attempt(attack, "before it starts", restarted);
  const bytes = readFileSync(join(dir, "signed.tar"));
  bytes[bytes.indexOf("when to in agent.payees")] ^= 1;
  put(dir, "bank.tar", bytes);
  await attempt(attack, "one byte of it", restarted);
  copyFileSync(join(dir, "signed.tar"), join(dir, "bank.tar"));
  copyFileSync(join(dir, "bank.fresh.json"), join(dir, "signed.fresh.json"));
}

/** What was in force before is signed, and no longer in force. */
async function putBack() {
  const files = ["bank.tar", "bank.fresh.json"];
  for (const name of files) copyFileSync(join(dir, name), join(dir, `kept.${name}`));
  for (const name of files) copyFileSync(join(dir, name.replace("bank", "signed")), join(dir, name));
  await attempt("swapped policy file", "the one before, with its note", restarted);
  for (const name of files) copyFileSync(join(dir, `kept.${name}`), join(dir, name));
}

async function restarted() {
  const late = startGateway(dir);
  await late.ended;
  return refusedStart(late.told.error);
}

/** A message that does not end closes the session. */
async function flood({ write, ended }) {
  await attempt("malformed messages", "without an end", async () => {
    write(call('{"amount":25,"to":"acme"}', { more: `,"_meta":"${"x".repeat(5_000_000)}"` }));
    await ended;
    return { code: "no answer" };
  });
}

function report(entries) {
  const named = new Set(attempts.map(({ entry, find }) => (find === null ? entry : entries.find(find)?.id)));
  // Where an answer names no entry, it is the next decision about what is no call of a tool.
  const others = entries.filter((one) => isRefusal(one) && !named.has(one.id));
  const found = attempts.map(({ entry, find }) => {
    if (find !== null) return entries.find(find);
    return entries.find(({ id }) => id === entry) ?? others.shift();
  });
  const attacks = [...new Set(attempts.map(({ attack }) => attack))];
  const rows = attacks.flatMap((attack) => {
    const tried = [...attempts.entries()].filter(([, one]) => one.attack === attack);
    return tried.map(([at, { what, code, reached }], nth) => {
      const entry = found[at] === undefined ? "MISSING" : entryText(found[at]);
      return [nth === 0 ? attack : "", what, code, String(reached), entry];
    });
  });
  const head = ["attack", "what was tried", "answer", "calls made", "in the log"];
  for (const line of columns([head, ...rows])) console.log(line);
  const reached = attempts.reduce((sum, one) => sum + one.reached, 0);
  const missing = rows.filter((row) => row[4] === "MISSING").length;
  console.log(
    `\n${attempts.length} attempts: ${reached} calls reached the server, ${missing} are not in the log`,
  );
  process.exitCode = reached + missing === 0 ? 0 : 1;
}

function isRefusal({ kind, action, verdict }) {
  return kind === "decision" && verdict === "deny" && action.startsWith("mcp_");
}

function entryText({ kind, action, verdict, name, phase, status }) {
  if (kind === "decision") return `decision: ${verdict} ${action}`;
  return kind === "event" ? `event: ${phase} ${name}` : `${kind}: ${phase}, ${status}`;
}
