/**
 * `npm start`: a recorded coding agent meets a policy. Compiles and signs the policy, loads the evaluator
 * under its signature, asks it about every call of the session, chains the answers into a log, proves one,
 * changes bytes to see who objects, and governs an agent
 * while it works, until it drifts.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { openUnsigned } from "@polity/runtime/authoring.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { type Host, load } from "@polity/runtime/index.ts";
import { columns } from "../cli/table.ts";
import { type Look, paintFor, watchStreams } from "../cli/terminal.ts";
import { plural, sizeText } from "../cli/words.ts";
import { chain, newReleaser, provedBy, type Releaser, sign, tamper, VALID_DAYS } from "./start/evidence.ts";
import { publicServer } from "./start/governed.ts";
import { type Answer, answer, readCalls, timePerDecision } from "./start/session.ts";
import { live } from "./start/story.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const example = join("examples", "coding-agent");
const paint = paintFor("out");
const ABOUT_MAX = 44;
const LOOKS: Readonly<Record<Answer["verdict"], Look>> = {
  allow: "good",
  hold: "warning",
  deny: "error",
  quarantine: "error",
  terminate: "error",
};

interface Released {
  readonly wasm: Uint8Array;
  readonly envelope: string;
  readonly releaser: Releaser;
}

watchStreams();
const calls = readCalls(join(root, example));
// The session was recorded: what is judged by its clock is judged as of then.
const now = calls[0]?.header.now ?? 0;
const wasm = buildPolicy();
const released = wasm === null ? null : await release(wasm);
const host = released === null ? null : await loadPolicy(released);
if (released === null || host === null) {
  process.exitCode = 1;
} else {
  const answers = calls.map((call) => answer(host, call));
  printSession(answers);
  printSummary(answers);
  printTime(host);
  await printEvidence(released, host, answers);
  await printStory();
  printNext();
}

function say(line = ""): void {
  console.log(line);
}

function heading(text: string): void {
  say(`${paint("strong", text)}\n`);
}

/**
 * In a process of its own: one that has assembled answers slowly for a while. It assembles once, so V8's
 * quick WebAssembly compiler serves it better than the thorough one; Node's cache of compiled JavaScript
 * goes by content and version.
 */
function built(source: string): Uint8Array | null {
  const args = ["--liftoff-only", fileURLToPath(import.meta.resolve("./start/build.ts")), source];
  const run = spawnSync(process.execPath, args, {
    cwd: root,
    env: { NODE_COMPILE_CACHE: join(root, "node_modules", ".cache", "start"), ...process.env },
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["ignore", "pipe", "inherit"],
  });
  return run.status === 0 ? new Uint8Array(run.stdout) : null;
}

function buildPolicy(): Uint8Array | null {
  const source = join(example, "policy.pol");
  const started = performance.now();
  const wasm = built(source);
  if (wasm === null) return null;
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  const lines = readFileSync(join(root, source), "utf8").trimEnd().split("\n").length;
  heading("1. Compile the policy");
  say(
    `   ${source}, ${lines} lines, becomes one WebAssembly file of ${sizeText(wasm.length)} in ${seconds} s.`,
  );
  say("   It imports nothing: no clock, no network, no files. Its name is its digest:");
  say(`   ${digestName(nodeCrypto.sha256(wasm))}\n`);
  return wasm;
}

async function release(wasm: Uint8Array): Promise<Released | null> {
  const evaluator = await openUnsigned(wasm);
  if ("code" in evaluator) {
    console.error(`The evaluator is not sound: ${evaluator.code}: ${evaluator.message}`);
    return null;
  }
  const releaser = newReleaser(evaluator.manifest.policy.name);
  const envelope = await sign(wasm, evaluator.manifest, releaser, now);
  heading("2. Sign it");
  say(`   A fresh Ed25519 key vouches for this file, its sources, one audience and ${VALID_DAYS} days,`);
  say(`   in a DSSE envelope of ${sizeText(envelope.length)} around an in-toto statement. The key is called`);
  say(`   ${releaser.signer.publicKey.id}\n`);
  return { wasm, envelope, releaser };
}

async function loadPolicy({ wasm, envelope, releaser }: Released): Promise<Host | null> {
  const facts = readFileSync(join(root, example, "facts.json"), "utf8");
  const started = performance.now();
  const loaded = await load(wasm, envelope, releaser.trust, now, { facts, ...nodeCrypto });
  if (!loaded.ok) {
    console.error(`The evaluator was not loaded: ${loaded.code}: ${loaded.message}`);
    return null;
  }
  const ms = (performance.now() - started).toFixed(1);
  const { entities } = JSON.parse(facts) as { readonly entities: readonly unknown[] };
  heading("3. Load it under that signature, with facts");
  say(`   facts.json says who is who and what is where: ${entities.length} entities.`);
  say(`   Verified and loaded in ${ms} ms.\n`);
  return loaded.host;
}

function printSession(answers: readonly Answer[]): void {
  heading("4. Ask it about every call of the session");
  say("   A scripted coding agent used the public MCP file server; session.jsonl is what it sent.");
  say("   Of what was not allowed, the first for each reason:\n");
  const head = ["", "tool", "about", "verdict", "rule or code", "reason"];
  const firsts = new Map<string, Answer>();
  for (const one of answers) {
    if (one.verdict !== "allow" && !firsts.has(one.because)) firsts.set(one.because, one);
  }
  const shown = [...firsts.values()];
  const rows = shown.map(({ call, verdict, because, reason }) => {
    return [String(call.step), call.tool, shortened(call.about), verdict, because, reason];
  });
  for (const [index, line] of columns([head, ...rows]).entries()) {
    const verdict = shown[index - 1]?.verdict;
    say(`   ${verdict === undefined ? paint("faint", line) : painted(line, verdict)}`);
  }
  say();
}

/** Only the verdict itself is coloured: its column is the one with two spaces on either side. */
function painted(line: string, verdict: Answer["verdict"]): string {
  return line.replace(`  ${verdict}  `, `  ${paint(LOOKS[verdict], verdict)}  `);
}

/** The end of a path says more than its beginning. */
function shortened(text: string): string {
  return text.length <= ABOUT_MAX ? text : `…${text.slice(1 - ABOUT_MAX)}`;
}

function printSummary(answers: readonly Answer[]): void {
  const counts = new Map<string, number>();
  for (const { verdict } of answers) counts.set(verdict, (counts.get(verdict) ?? 0) + 1);
  const said = [...counts].map(([verdict, count]) => `${verdict} ${count}`).join(", ");
  const stopped = answers.filter(({ verdict }) => verdict !== "allow");
  const done = stopped.filter(({ call }) => call.wasDone).length;
  say(`   ${plural(answers.length, "call")}: ${said}.`);
  say(`   Without a policy, the file server carried out ${done} of the ${stopped.length} not allowed here.`);
  say("   Each call was judged on its own; a host would keep the agent contained after a quarantine.\n");
}

function printTime(host: Host): void {
  const micros = (timePerDecision(host, calls) / 1_000).toFixed(2);
  heading("5. How long an answer takes");
  say(`   ${micros} µs, the median over many passes through these ${calls.length} requests, from the`);
  say("   request as a JavaScript object to the decision as one.\n");
}

/** In a folder of its own, which is gone afterwards. */
async function printEvidence(released: Released, host: Host, answers: readonly Answer[]): Promise<void> {
  const { wasm, envelope, releaser } = released;
  const folder = mkdtempSync(join(tmpdir(), "polity-log-"));
  try {
    const denied = answers.findIndex(({ verdict }) => verdict === "deny");
    const chained = await chain(folder, host, calls, releaser, denied);
    heading("6. Write every answer into a log");
    say(`   ${plural(chained.size, "entry", "entries")}, each with a salted commitment in the place of its`);
    say("   request, under one signed checkpoint:\n");
    for (const line of chained.checkpoint.trimEnd().split("\n"))
      say(`   ${paint("faint", `| ${line}`.trimEnd())}`);
    say();
    heading("7. Prove one answer to a stranger");
    const { call, verdict, because } = answers[denied]!;
    const { proof, record } = chained;
    say(`   ${call.tool} was answered with ${verdict} (${because}). Its record has ${record.length} bytes,`);
    say(`   its proof ${proof.length}; with these and the public key alone, anybody can tell that this is`);
    say(`   ${provedBy(releaser, chained)}.\n`);
    heading("8. Change one byte");
    for (const { what, by, message } of await tamper(folder, wasm, envelope, releaser, now)) {
      say(`   ${what}: ${paint("error", by)}`);
      say(`     ${message}`);
    }
    say();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function printStory(): Promise<void> {
  heading("9. Govern an agent while it works");
  const wasm = built(join("scripts", "start", "story.pol"));
  if (wasm === null) throw new Error("the policy of the story is sound");
  const server = publicServer(() =>
    say("   (Installing a public MCP file server, which takes some seconds.)"),
  );
  const { told, tree, proved, replayed } = await live(wasm, paint, server);
  if (server === null)
    say("   The public MCP file server could not be installed; a small local one stands in for it.");
  else say("   A real MCP file server, the public one, unchanged, is behind the gateway.");
  say("   The policy is scripts/start/story.pol. What the agent does, and what it is told:\n");
  for (const line of columns(told)) say(`   ${line}`);
  say("\n   What the log says of it, as pol log tree prints it:\n");
  for (const line of tree) say(`   ${line}`);
  say(`\n   Proved to a stranger, by its containment: ${proved}.`);
  const decisions = plural(replayed.decisions, "decision");
  say(`   Replayed from the log alone: ${replayed.same} of ${decisions} are the same, bit for bit.\n`);
}

function printNext(): void {
  heading("Try next");
  const lines = [
    [`npm exec -- pol test ${example}/policy.pol`, "the tests written in the policy, on two implementations"],
    [`npm exec -- pol check ${example}/policy.pol`, "break a rule in the file first"],
    ["npm exec -- pol sign --help", "sign an evaluator; then verify, decide --log, log prove, log verify"],
    ["npm exec -- pol --help", "all commands"],
    [
      "npm exec -- node examples/attack/attack.js",
      "an attacker before the gateway, and what the log has of it",
    ],
    ["npm test", "everything that is promised, tried"],
  ];
  for (const line of columns(lines)) say(`   ${line}`);
  say(`\n   The policy is ${example}/policy.pol; how to write one is in docs/language.md.`);
  say("   More agents that are governed, each by one command, are in examples/README.md.");
}
