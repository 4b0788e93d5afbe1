import { encodeFork } from "@polity/lineage/fork.ts";
import { type LogKeys, logKeysFor } from "@polity/lineage/rooted-keys.ts";
import { LogError } from "@polity/lineage/store.ts";
import { encodeBase64 } from "@polity/runtime/base64.ts";
import { digestName } from "@polity/runtime/hash.ts";
import {
  type Compared,
  checkFork,
  comparePair,
  compareWithLog,
  type Given,
  openLog,
  readGiven,
} from "../compare-checkpoints.ts";
import { EXIT, failure } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { outputOption, STANDARD_OUTPUT } from "../output-option.ts";
import { withProgress } from "../progress.ts";
import { nameOf } from "../read-file.ts";
import { answerNo } from "../refusal.ts";
import { tellFailure } from "../tell.ts";
import { printLine, write } from "../terminal.ts";
import { isRefused, keysOption } from "../trusted-keys.ts";
import { plural, visible } from "../words.ts";
import { writeWhole } from "../write-file.ts";

export async function run(invocation: Invocation): Promise<number> {
  const { operands, values, switches } = invocation;
  const json = switches.has("json");
  const output = values.has("output") ? outputOption(invocation, "", operands) : null;
  const key = await keysOption(invocation);
  if (isRefused(key)) return answerNo(nameOf(key.file), key, json);
  if (key === null) throw usage(invocation.command, "--key or --trust is missing");
  const compared = await compare(invocation, logKeysFor(key));
  return compared.kind === "continues" ? tellContinues(compared, json) : tellFork(compared, output, json);
}

async function compare({ command, operands, values }: Invocation, keys: LogKeys): Promise<Compared> {
  const place = values.get("log");
  const given: Given[] = [];
  for (const path of operands) {
    const read = await readGiven(path);
    if (!("fork" in read)) given.push(read);
    else if (operands.length === 1 && place === undefined) return checkFork(read.fork, keys);
    else throw usage(command, `${nameOf(path)} is evidence of a fork, which stands for itself`);
  }
  const [first, second] = given;
  if (place === undefined) {
    if (first !== undefined && second !== undefined) return comparePair([first, second], keys, null);
    throw usage(command, "one checkpoint is compared with a log: --log is missing");
  }
  try {
    const log = await withProgress(`opening ${nameOf(place)}`, () => openLog(place, keys));
    return await compareWithLog(given, keys, log);
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    throw failure(`log ${nameOf(place)}: ${error.code}: ${visible(error.message)}`);
  }
}

async function tellContinues(
  { earlier, later }: Compared & { readonly kind: "continues" },
  json: boolean,
): Promise<number> {
  const { origin } = later;
  if (json) {
    const sides = { from: earlier.size, fromRoot: digestName(earlier.root) };
    const all = { ...sides, to: later.size, toRoot: digestName(later.root) };
    await printLine(JSON.stringify({ ok: true, origin, ...all }));
    return EXIT.done;
  }
  const said =
    earlier.size === later.size
      ? `both are signed for the same ${plural(later.size, "entry", "entries")}`
      : `the ${later.size} entries begin with the ${earlier.size} that were signed for before`;
  await printLine(`${visible(origin)}: ${said}`);
  return EXIT.done;
}

const HINT = "no honest log signs both: keep them as evidence, and trust neither";

/** In the manner of checksum databases: both notes, and the proof that they contradict each other. */
async function tellFork(
  { fork, earlier, later, root }: Compared & { readonly kind: "forked" },
  output: string | null,
  json: boolean,
): Promise<number> {
  const evidence = encodeFork(fork);
  if (output === STANDARD_OUTPUT) await write(evidence);
  else if (output !== null) writeWhole(output, evidence);
  const [there, here] = [digestName(earlier.root), digestName(root)];
  const first = plural(earlier.size, "entry is", "entries are");
  const message =
    `${earlier.origin} has signed two histories: its first ${first} ` +
    `under the root ${there} in one, and ${here} in the other, of ${later.size}`;
  if (json) {
    const proof = fork.proof && {
      root: encodeBase64(fork.proof.root),
      hashes: fork.proof.hashes.map(encodeBase64),
    };
    const found = {
      ok: false,
      code: "log.forked",
      message,
      hint: HINT,
      earlier: fork.earlier,
      later: fork.later,
      proof,
    };
    await printLine(JSON.stringify({ ...found, output }));
    return EXIT.no;
  }
  await tellFailure({ message: `log.forked: ${visible(message)}`, hint: HINT });
  const lines = evidence.trimEnd().split("\n");
  await write(lines.map((line) => `${`    ${visible(line)}`.trimEnd()}\n`).join(""), "error");
  return EXIT.no;
}
