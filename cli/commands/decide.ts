import { pointersProblem } from "@polity/lineage/commitment.ts";
import type { Outcome } from "@polity/runtime/decision.ts";
import { compareText } from "@polity/runtime/text-order.ts";
import { type Answer, answer } from "../answer.ts";
import { openBuilder } from "../builder.ts";
import { bundleOptions } from "../bundle-options.ts";
import { type Decision, decisionJson, decisionText } from "../decision.ts";
import { type DecisionLog, openDecisionLog } from "../decision-log.ts";
import { type Continued, type Desk, openDesk, openDeskOfBundle, openDeskOfSet } from "../desk.ts";
import type { EngineName } from "../engines.ts";
import { EXIT } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { readSigner } from "../key-files.ts";
import { type Writer, writerOptions } from "../log-folder.ts";
import { startProgress } from "../progress.ts";
import { nameOf, readBytes, readChunks, utf8Text } from "../read-file.ts";
import { type Line, splitLines } from "../split-lines.ts";
import { tellNote, tellWarning } from "../tell.ts";
import { isTerminal, paintFor, printLine, write } from "../terminal.ts";
import { timeText } from "../time-option.ts";
import { sizeText } from "../words.ts";

/** Only a permission ends with 0, so that a script that looks at nothing else lets nothing else through. */
const EXIT_OF_VERDICT = { allow: EXIT.done, hold: 10, deny: 11, quarantine: 12, terminate: 13 } as const;
/** Permitted only with something to do that nobody may ignore. */
const EXIT_OBLIGED = 14;

function exitOf({ verdict, obligations }: Outcome): number {
  const isObliged = verdict === "allow" && obligations.some(({ when }) => when !== "advice");
  return isObliged ? EXIT_OBLIGED : EXIT_OF_VERDICT[verdict];
}

/** Far above what an evaluator takes; a stream without line ends must not fill the memory. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;
/** How many lines that are not even judged are explained on standard error. */
const EXPLAINED_MAX = 5;

export async function run(invocation: Invocation): Promise<number> {
  const { command, operands, values, switches } = invocation;
  const [policy = ""] = operands;
  const set = values.get("set");
  const facts = values.get("facts") ?? null;
  const one = values.get("request");
  const many = values.get("requests");
  const requests = one ?? many;
  if (requests === undefined) throw usage(command, "--request or --requests is missing");
  if (one !== undefined && many !== undefined)
    throw usage(command, "--request and --requests exclude each other");
  if ([policy, set, facts, requests].filter((path) => path === "-").length > 1) {
    throw usage(command, "standard input can be read only once");
  }
  const logging = loggingOf(invocation);
  const signer = logging === null ? null : await readSigner(logging.key);
  const engine = (values.get("engine") ?? "wasm") as EngineName;
  const files = { root: values.get("root") ?? null, facts };
  const signed = bundleOptions(invocation);
  const builder = openBuilder({ cache: !switches.has("no-cache") });
  const opening =
    signed !== null
      ? openDeskOfBundle(signed)
      : set === undefined
        ? openDesk({ policy, ...files }, engine, builder)
        : openDeskOfSet({ set, ...files }, engine, builder);
  const desk = await opening.finally(builder.close);
  if (desk === null) return EXIT.no;
  if (desk.continued !== undefined) await tellContinued(desk.continued);
  const log = logging && signer && (await openDecisionLog(logging.writer, signer, desk, logging.sensitive));
  try {
    const json = switches.has("json") || !isTerminal("out");
    const code = await (many === undefined
      ? answerOne(desk, log, requests, json)
      : answerLines(desk, log, many));
    await log?.finish();
    return code;
  } finally {
    await log?.close();
  }
}

async function tellContinued({ code, endedMs, untilMs }: Continued): Promise<void> {
  const until = `until ${timeText(untilMs)}`;
  await tellWarning(
    `${code}: nobody has said since ${timeText(endedMs)} that this is the latest epoch; going on ${until}`,
  );
}

interface Logging {
  readonly writer: Writer;
  /** Pointers, in order. */
  readonly sensitive: readonly string[];
  readonly key: string;
}

/** Null where no log is to be kept. */
function loggingOf(invocation: Invocation): Logging | null {
  const { command, values } = invocation;
  const dir = values.get("log");
  const key = values.get("key");
  if (dir === undefined) {
    const needless = ["key", "origin", "node", "anchor", "witnesses", "sensitive"].find((name) =>
      values.has(name),
    );
    if (needless !== undefined) throw usage(command, `--${needless} is about a log, and --log is missing`);
    return null;
  }
  if (key === undefined) throw usage(command, "--log needs --key, which signs its checkpoints");
  return { writer: writerOptions(invocation, dir), sensitive: sensitiveOption(invocation), key };
}

function sensitiveOption({ command, lists }: Invocation): readonly string[] {
  const pointers = [...(lists.get("sensitive") ?? [])].sort(compareText);
  const problem = pointersProblem(pointers);
  if (problem === null) return pointers;
  throw usage(command, `--sensitive: ${problem}`, "a pointer is like /fields/payee/account");
}

async function answerOne(desk: Desk, log: DecisionLog | null, path: string, json: boolean): Promise<number> {
  const answered = answer(desk, utf8Text(await readBytes(path)));
  const { why, assumed } = answered;
  if (assumed.length > 0) await tellAssumed(assumed);
  if (why !== null) await tellNote(`${nameOf(path)}: ${why}`);
  const { decisions, failure } = await release([answered], log);
  for (const decision of decisions) {
    if (json) await printLine(decisionJson(decision));
    else await write(decisionText(decision, paintFor("out")));
  }
  if (failure !== undefined) throw failure;
  return exitOf(answered.decision.outcome);
}

/** What may be shown: all decisions, or where a log is kept, those that are durable in it. */
async function release(
  answers: readonly Answer[],
  log: DecisionLog | null,
): Promise<{ readonly decisions: readonly Decision[]; readonly failure: unknown }> {
  if (log === null) return { decisions: answers.map(({ decision }) => decision), failure: undefined };
  const { receipts, failure } = await log.append(answers);
  const decisions = answers.flatMap(({ decision }, at) => {
    const receipt = receipts[at];
    return receipt === undefined ? [] : [{ ...decision, log: receipt }];
  });
  return { decisions, failure };
}

/** One decision a line, in order, for as long as lines come: each is written before more is read. */
async function answerLines(desk: Desk, log: DecisionLog | null, path: string): Promise<number> {
  const progress = startProgress(`answering ${nameOf(path)}`);
  let hasToldAssumed = false;
  let number = 0;
  let explained = 0;
  try {
    for await (const lines of splitLines(readChunks(path), LINE_BYTES_MAX)) {
      const answers: Answer[] = [];
      for (const line of lines) {
        number += 1;
        const answered = answerLine(desk, line);
        const { why, assumed } = answered;
        answers.push(answered);
        progress.step();
        if (assumed.length > 0 && !hasToldAssumed) {
          hasToldAssumed = true;
          await tellAssumed(assumed);
        }
        if (why !== null && explained <= EXPLAINED_MAX) {
          explained += 1;
          await tellNote(explained > EXPLAINED_MAX ? "and more" : `line ${number}: ${why}`);
        }
      }
      const { decisions, failure } = await release(answers, log);
      await write(decisions.map((decision) => `${decisionJson(decision)}\n`).join(""));
      if (failure !== undefined) throw failure;
    }
  } finally {
    await progress.stop();
  }
  return EXIT.done;
}

function answerLine(desk: Desk, line: Line): Answer {
  if (line === null) return answer(desk, null, `longer than ${sizeText(LINE_BYTES_MAX)}`);
  return answer(desk, utf8Text(line));
}

/** A host must say these things with every request; only a policy's author may leave them out. */
async function tellAssumed(assumed: readonly string[]): Promise<void> {
  await tellNote(
    `not given, taken as free and current at \`now\` by this command alone: ${assumed.join(", ")}`,
  );
}
