/**
 * `npm run evidence`: what a fresh clone can show to a stranger. A trust root with three keys, an epoch that
 * two of them sign, decisions in strict mode by a process that is killed again and again, one proof that
 * holds in a folder with nothing but public keys, the whole log replayed, and the older epoch refused.
 */
import { cpSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { openFileLog } from "@polity/lineage/file-store/open.ts";
import { nodeCrypto } from "@polity/lineage/node/index.ts";
import { leafHash } from "@polity/lineage/tree.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { random } from "../benchmarks/random.ts";
import { paintFor } from "../cli/terminal.ts";
import { LIMITS, pol, writePolicies } from "./evidence/home.ts";
import { type Acknowledged, type Ended, runTask } from "./evidence/killed.ts";

const HELP = `npm run evidence -- [options]

Shows, step by step and from nothing, what is promised about keys, epochs and the log.

  --decisions N  how many decisions are made (default: 100000)
  --kills N      how often the process that makes them is killed (default: 10)
  --seed N       when it is killed (default: 1)
  --keep DIR     leave everything in this folder, which must not be there
  --help         this text

The exit code is 0 where all of it held, 1 where something did not, and 2 where the options are wrong.
`;

const OPTIONS = {
  decisions: { type: "string", default: "100000" },
  kills: { type: "string", default: "10" },
  seed: { type: "string", default: "1" },
  keep: { type: "string" },
  help: { type: "boolean", default: false },
} as const;

const LOG = "decisions";
const ORIGIN = "example.com/eu-1/n1";
/** The trust root lets a note hold for an hour at most. */
const NOTE_MS = 3_500_000;
const paint = paintFor("out");

class Broken extends Error {}
let steps = 0;

const given = readOptions();
if (given.help) process.stdout.write(HELP);
else await main();

function readOptions() {
  try {
    const { values } = parseArgs({ options: OPTIONS });
    for (const name of ["decisions", "kills", "seed"] as const) {
      if (!/^\d{1,8}$/.test(values[name])) throw new Error(`--${name} is a whole number`);
    }
    if (Number(values.decisions) <= Number(values.kills)) throw new Error("more kills than decisions");
    return values;
  } catch (error) {
    process.stderr.write(`evidence: ${(error as Error).message}; --help shows the options\n`);
    return process.exit(2);
  }
}

async function main(): Promise<void> {
  const home = given.keep ?? mkdtempSync(join(tmpdir(), "polity-evidence-"));
  if (given.keep !== undefined) mkdirSync(home);
  try {
    await show(home);
    say(`\n${paint("good", "All of it held.")}`);
  } catch (error) {
    if (!(error instanceof Broken)) throw error;
    say(`\n${paint("error", `It did not hold: ${error.message}`)}`);
    process.exitCode = 1;
  } finally {
    if (given.keep === undefined) rmSync(home, { recursive: true, force: true });
    else say(`everything is in ${home}`);
  }
}

async function show(home: string): Promise<void> {
  makeTrust(home);
  makeEpochs(home);
  const acknowledged = await decide(home, Number(given.decisions), Number(given.kills), Number(given.seed));
  await compareAcknowledged(home, acknowledged);
  proveElsewhere(home, acknowledged);
  replay(home);
  await putBack(home);
}

// ---- what is shown

function step(title: string): void {
  steps += 1;
  say(`\n${paint("strong", `${steps}. ${title}`)}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Shows a command as a person would type it, and the last lines of what it says. */
function run(folder: string, line: string, { status = 0, shown = 4 } = {}): string {
  say(`   $ pol ${line}`);
  const said = pol(folder, ...line.split(" "));
  const lines = said.text.trimEnd().split("\n");
  for (const one of lines.slice(0, shown)) say(`     ${one}`);
  if (said.status === status) return said.text;
  throw new Broken(`pol ${line} ended with ${said.status}, not ${status}: ${lines.slice(0, 3).join("\n")}`);
}

function seconds(fromMs: number): string {
  return `${((performance.now() - fromMs) / 1000).toFixed(1)} s`;
}

// ---- the steps

function makeTrust(home: string): void {
  step("Three people make a trust root; two of three have to sign");
  for (const name of ["anna", "bert", "cleo", "online", "log"]) pol(home, "keygen", "-o", name);
  mkdirSync(join(home, "trust"));
  const keys = "--key anna.pub.pem --key bert.pub.pem --key cleo.pub.pem --threshold 2";
  const scope = "--name acme --set payments --audience eu-1 --freshness-key online.pub.pem";
  run(home, `trust init ${scope} ${keys} --sign anna.pem --sign cleo.pem -o trust/1.root.json`);
  run(home, "trust show trust", { shown: 8 });
}

function makeEpochs(home: string): void {
  step("An epoch is signed by two of them");
  writePolicies(home);
  const scope = "--set payments --audience eu-1";
  for (const [epoch, name, signers] of [
    [6, "older", ["anna", "cleo"]],
    [7, "newer", ["anna", "bert"]],
  ] as const) {
    say(`   epoch ${epoch} pays up to ${LIMITS[name]}`);
    run(home, `bundle create ${name}/set.json ${scope} --epoch ${epoch} -o payments-${epoch}.tar`, {
      shown: 1,
    });
    run(home, `bundle sign payments-${epoch}.tar --key ${signers[0]}.pem`, { shown: 1 });
    if (epoch === 7) run(home, "bundle verify payments-7.tar --trust trust", { status: 1, shown: 9 });
    run(home, `bundle sign payments-${epoch}.tar --key ${signers[1]}.pem`, { shown: 1 });
  }
  run(home, "bundle verify payments-7.tar --trust trust --set payments --audience eu-1", { shown: 2 });
  const until = new Date(Date.now() + NOTE_MS).toISOString().replace(/\.\d+/, "");
  run(home, `freshness issue --trust trust --bundle payments-7.tar --key online.pem --until ${until}`, {
    shown: 2,
  });
}

/** All acknowledged decisions, by index. */
async function decide(
  home: string,
  count: number,
  kills: number,
  seed: number,
): Promise<ReadonlyMap<number, Acknowledged>> {
  step(`${count.toLocaleString("en")} decisions in strict mode, by a process that is killed ${kills} times`);
  const acknowledged = new Map<number, Acknowledged>();
  const next = random(seed);
  const from = performance.now();
  const task = { home, bundle: "payments-7.tar", log: LOG, origin: ORIGIN, count };
  for (let round = 0; round < kills; round += 1) {
    const left = Math.floor((count - acknowledged.size) / (kills - round + 1));
    const killAfter = Math.max(1, Math.floor(left * (0.5 + next() / 2)));
    const before = acknowledged.size;
    const ended = await runTask({ ...task, isFirst: round === 0 }, acknowledged, killAfter);
    if (ended.exitCode !== null) throw new Broken(`it ended by itself: ${ended.said}`);
    say(`   kill -9: ${readyText(ended)}, then acknowledged ${acknowledged.size - before}`);
  }
  const ended = await runTask({ ...task, isFirst: false }, acknowledged, null);
  if (ended.exitCode !== 0) throw new Broken(`it did not come to its end: ${ended.said}`);
  say(`   the last one came to its end: ${readyText(ended)}; ${seconds(from)} in all`);
  return acknowledged;
}

function readyText({ ready }: Ended): string {
  return ready === null ? "was never ready" : `began with ${ready} in the log`;
}

/** Every promise was kept, to the byte. */
async function compareAcknowledged(
  home: string,
  acknowledged: ReadonlyMap<number, Acknowledged>,
): Promise<void> {
  step("Every acknowledged decision is there, with its bytes");
  const from = performance.now();
  const opened = await openFileLog(join(home, LOG), {
    origin: null,
    signer: null,
    crypto: nodeCrypto,
    create: false,
  });
  if (!opened.ok) throw new Broken(opened.error.message);
  const { store } = opened;
  for (const [index, { leaf }] of acknowledged) {
    const entry = await store.entry(index);
    if (entry === null) throw new Broken(`entry ${index} was acknowledged and is gone`);
    if (digestName(leafHash(entry, nodeCrypto.sha256)) !== leaf)
      throw new Broken(`entry ${index} is another one`);
  }
  say(`   ${acknowledged.size} acknowledged, ${store.size} in the log, all receipts hold: ${seconds(from)}`);
  await store.close();
  run(home, `log verify ${LOG} --key log.pub.pem --origin ${ORIGIN}`, { shown: 8 });
}

function proveElsewhere(home: string, acknowledged: ReadonlyMap<number, Acknowledged>): void {
  step("One decision is proved to somebody who has nothing but a public key");
  const [index] = [...acknowledged].findLast(([, { verdict }]) => verdict === "allow") ?? [];
  if (index === undefined) throw new Broken("nothing was allowed");
  const elsewhere = join(home, "elsewhere");
  mkdirSync(elsewhere);
  run(home, `log prove ${LOG} --index ${index} -o elsewhere/payment.tlog-proof --opening`);
  cpSync(join(home, "log.pub.pem"), join(elsewhere, "log.pub.pem"));
  say("   (in another folder)");
  const verify = "log verify payment.tlog-proof --key log.pub.pem --opening payment.opening.json";
  run(elsewhere, `${verify} --origin ${ORIGIN}`, { shown: 6 });
}

function replay(home: string): void {
  step("The whole log is decided again, from the bundle and the requests");
  const from = performance.now();
  run(home, `replay ${LOG} --key log.pub.pem --bundle payments-7.tar`, { shown: 8 });
  say(`   ${seconds(from)}`);
}

async function putBack(home: string): Promise<void> {
  step("Somebody puts the older epoch back, with two good signatures");
  const task = {
    home,
    bundle: "payments-6.tar",
    log: "other",
    origin: `${ORIGIN}/other`,
    count: 1,
    isFirst: false,
  };
  const ended = await runTask(task, new Map(), null);
  say(`   the host says: ${ended.said}`);
  if (ended.exitCode === 0 || !/^epoch\.[a-z_]+: /.test(ended.said)) throw new Broken("it was let in");
  run(home, "bundle verify payments-6.tar --trust trust --freshness payments.fresh.json", {
    status: 1,
    shown: 12,
  });
}
