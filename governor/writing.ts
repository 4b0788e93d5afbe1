/** Carries out what a governor wants written down, and says of each entry whether somebody waits for it. */
import type { Judged } from "@polity/lineage/judging.ts";
import type { Recorder, RecorderOptions } from "@polity/lineage/recorder.ts";
import { type Haste, LogError } from "@polity/lineage/store.ts";
import type { Effect } from "./effect.ts";
import type { EventOf, WriteProblem } from "./event.ts";
import type { GovernorPorts } from "./ports.ts";

export interface WritingParts {
  readonly recorder: Recorder;
  /** Told of each entry that is there, or will not be. */
  readonly dispatch: (written: Omit<EventOf<"written">, "now">) => void;
  readonly ports: Pick<GovernorPorts, "later">;
  readonly mode: RecorderOptions["mode"];
  readonly judgesOutcomes: boolean;
}

type Writing = Extract<Effect, { readonly kind: "write" | "write-decision" }>;

export interface LogWriting {
  /** What is written, and whether somebody waits for it. */
  readonly write: (effect: Writing) => void;
  /** An entry that follows from what was decided before, which stands before it in the log. */
  readonly append: Recorder["append"];
}

export function writing(parts: WritingParts): LogWriting {
  const { recorder, dispatch, ports, judgesOutcomes } = parts;
  const isRelaxed = parts.mode === "relaxed";
  const writer = { recorder, dispatch, isRelaxed };
  let behind: (() => void)[] = [];

  function runBehind(): void {
    const all = behind;
    behind = [];
    for (const run of all) run();
  }

  function append(...entry: Parameters<Recorder["append"]>): ReturnType<Recorder["append"]> {
    runBehind();
    return recorder.append(...entry);
  }

  function writeEffect(effect: Writing): void {
    const { ticket, links } = effect;
    if (effect.kind === "write") {
      const { body } = effect;
      // What came of a step is waited for by nobody, unless it is judged in its turn.
      const haste = body.kind === "outcome" && !judgesOutcomes ? "soon" : "now";
      write(writer, ticket, () => append(body, links, haste));
      return;
    }
    const { judged } = effect;
    const haste = isRelaxed && !judgesOutcomes ? hasteOf(judged) : "now";
    const send = () => write(writer, ticket, () => recorder.decision(judged.answered, links, haste));
    // A relaxed log is written behind whoever asked.
    if (!isRelaxed) send();
    else if (behind.push(send) === 1) ports.later(runBehind);
  }

  return { write: writeEffect, append };
}

/** Of relaxed evidence: what holds or contains, or rests on approvals, is waited for or should be. */
function hasteOf({ decision: { verdict }, answered: { header } }: Judged): Haste {
  const isPlain = verdict === "allow" || verdict === "deny";
  return isPlain && (header?.approvals.length ?? 0) === 0 ? "soon" : "now";
}

interface Writer extends Pick<WritingParts, "recorder" | "dispatch"> {
  readonly isRelaxed: boolean;
}

function write(
  { recorder, dispatch, isRelaxed }: Writer,
  ticket: number,
  send: () => ReturnType<Recorder["append"]>,
): void {
  send().then(
    (written) => {
      const receipt = written?.receipt ?? null;
      const refusal = written === null && isRelaxed ? recorder.refusal() : null;
      dispatch({ kind: "written", ticket, receipt, problem: refusal && problemOf(refusal) });
    },
    (error: unknown) => dispatch({ kind: "written", ticket, receipt: null, problem: problemOf(error) }),
  );
}

/** After these the log goes on. */
const PASSING: ReadonlySet<string> = new Set(["log.busy", "log.entry_invalid", "log.opening_mismatch"]);

function problemOf(error: unknown): WriteProblem {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof LogError ? error.code : "log.failed";
  return { code, message, isLasting: !PASSING.has(code) };
}
