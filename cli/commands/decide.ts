import { type Answer, answer } from "../answer.ts";
import { decisionJson, decisionText } from "../decision.ts";
import { type Desk, openDesk } from "../desk.ts";
import type { EngineName } from "../engines.ts";
import { EXIT } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { startProgress } from "../progress.ts";
import { nameOf, readBytes, readChunks, utf8Text } from "../read-file.ts";
import { type Line, splitLines } from "../split-lines.ts";
import { tellNote } from "../tell.ts";
import { isTerminal, paintFor, printLine, write } from "../terminal.ts";
import { sizeText } from "../words.ts";

/** Only a permission ends with 0, so that a script that looks at nothing else lets nothing else through. */
const EXIT_OF_VERDICT = { allow: EXIT.done, hold: 10, deny: 11, quarantine: 12, terminate: 13 } as const;

/** Far above what an evaluator takes; a stream without line ends must not fill the memory. */
const LINE_BYTES_MAX = 16 * 1024 * 1024;
/** How many lines that are not even judged are explained on standard error. */
const EXPLAINED_MAX = 5;

export async function run({ command, operands, values, switches }: Invocation): Promise<number> {
  const [policy = ""] = operands;
  const facts = values.get("facts") ?? null;
  const one = values.get("request");
  const many = values.get("requests");
  const requests = one ?? many;
  if (requests === undefined) throw usage(command, "--request or --requests is missing");
  if (one !== undefined && many !== undefined)
    throw usage(command, "--request and --requests exclude each other");
  if ([policy, facts, requests].filter((path) => path === "-").length > 1) {
    throw usage(command, "standard input can be read only once");
  }
  const desk = await openDesk({ policy, facts }, (values.get("engine") ?? "wasm") as EngineName);
  if (desk === null) return EXIT.no;
  if (many !== undefined) return answerLines(desk, many);
  return answerOne(desk, requests, switches.has("json") || !isTerminal("out"));
}

async function answerOne(desk: Desk, path: string, json: boolean): Promise<number> {
  const { decision, why, assumed } = answer(desk, utf8Text(await readBytes(path)));
  if (assumed.length > 0) await tellAssumed(assumed);
  if (why !== null) await tellNote(`${nameOf(path)}: ${why}`);
  if (json) await printLine(decisionJson(decision));
  else await write(decisionText(decision, paintFor("out")));
  return EXIT_OF_VERDICT[decision.outcome.verdict];
}

/** One decision a line, in order, for as long as lines come: each is written before more is read. */
async function answerLines(desk: Desk, path: string): Promise<number> {
  const progress = startProgress(`answering ${nameOf(path)}`);
  let hasToldAssumed = false;
  let number = 0;
  let explained = 0;
  try {
    for await (const lines of splitLines(readChunks(path), LINE_BYTES_MAX)) {
      const decisions: string[] = [];
      for (const line of lines) {
        number += 1;
        const { decision, why, assumed } = answerLine(desk, line);
        decisions.push(decisionJson(decision), "\n");
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
      await write(decisions.join(""));
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
