/** Whether a log goes on from what this browser has seen of it. */
import { portableCrypto } from "@polity/runtime/crypto-port.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";
import { encodeFork, type Fork, verifyFork } from "../fork.ts";
import { compareKept, type History, type SeenHead } from "../kept-head.ts";
import { type LogTrust, openWitnessed } from "../witnessed-checkpoint.ts";
import { button, element, save } from "./elements.ts";
import { forgetKept, readKept, writeKept } from "./kept.ts";
import { keysOf } from "./trust.ts";

export interface Outcome {
  /** What to show; null: nothing. */
  readonly card: readonly HTMLElement[] | null;
  readonly fork: Fork | null;
  /** Whether it is open that this is the log that was seen before. */
  readonly isProblem: boolean;
}

/** Remembers the larger checkpoint once it is known that they go together. Never rejects. */
export async function historyCard(
  now: SeenHead,
  trust: LogTrust,
  consistency: Uint8Array | null,
  again: () => void,
): Promise<Outcome> {
  const title = element("h2", "", "What this browser has seen of the log");
  const { origin } = now.checkpoint;
  try {
    const kept = await keptHead(origin, trust);
    const history = judged(compareKept(kept, now, consistency, portableCrypto), trust);
    const keep = history.kind === "first" ? now : history.kind === "continues" ? history.keep : null;
    if (keep !== null) await writeKept({ origin, note: keep.note });
    const forget = button("Forget what was seen", "", () => void forgetKept(origin).then(again, again));
    const text = element("p", "", textOf(history, kept, now));
    const isProblem = history.kind === "unproven" || history.kind === "other_key";
    const notes = isProblem && kept !== null ? [sides(kept.note, now.note)] : [];
    const fork = history.kind === "forked" ? history.fork : null;
    const actions = element("div", "actions", saveNote(now), ...(kept === null ? [] : [forget]));
    return { card: [title, text, ...notes, actions], fork, isProblem };
  } catch {
    const said =
      "This browser keeps nothing for this page, so it cannot compare with what it has seen before.";
    return { card: [title, element("p", "", said)], fork: null, isProblem: false };
  }
}

/** Also: what was seen was signed by another key, and none of the two says whose it is. */
type Seen = History | { readonly kind: "other_key" };

/** Two histories are evidence only where it is one log that signed both. */
function judged(history: History, trust: LogTrust): Seen {
  if (history.kind !== "forked" || verifyFork(history.fork, keysOf(trust), portableCrypto).ok) return history;
  return { kind: "other_key" };
}

/** What is kept counts only under a key that is trusted now. */
async function keptHead(origin: string, { keys, policy }: LogTrust): Promise<SeenHead | null> {
  const kept = await readKept(origin);
  if (kept === null) return null;
  const trust = { keys, policy: policy && { ...policy, quorum: null } };
  const opened = openWitnessed(kept.note, trust, portableCrypto);
  return opened.ok ? { checkpoint: opened.checkpoint, note: kept.note } : null;
}

function textOf(history: Seen, kept: SeenHead | null, now: SeenHead): string {
  const { size } = now.checkpoint;
  switch (history.kind) {
    case "first":
      return `The first checkpoint of this log here: ${size} entries. Later ones are compared with it.`;
    case "same":
      return `It is the same checkpoint as before: ${size} entries.`;
    case "continues":
      return (
        `It goes on from what was seen before: of ${kept?.checkpoint.size} and ${size} entries, ` +
        "the larger tree begins with the smaller one."
      );
    case "forked":
      return "It contradicts what was seen before.";
    case "other_key":
      return (
        "Another log of this name was seen before, signed by another key. A key alone does not say whose " +
        "it is: ask which of the two logs is meant."
      );
    case "unproven": {
      const { from, to, problem } = history;
      const wanted =
        `Seen before: ${kept?.checkpoint.size} entries; now ${size}. Drop the proof from ${from} to ${to} ` +
        "(pol log consistency) to see whether one goes on from the other.";
      return problem === null ? wanted : `${wanted} The one that was given does not help: ${problem}.`;
    }
    default:
      return unreachable(history);
  }
}

export function forkCard(fork: Fork, keep: (fork: Fork, text: string) => void): readonly HTMLElement[] {
  const text = encodeFork(fork);
  const said = "No honest log signs both. Show this file to whoever has the log's key: it proves itself.";
  const proof =
    fork.proof === null
      ? []
      : [element("p", "", "The proof that the later one has another root there:"), proofOf(text)];
  return [
    element("h2", "", "Two checkpoints that contradict each other"),
    element("p", "", said),
    sides(fork.earlier, fork.later),
    ...proof,
    button("Save the evidence", "", () => keep(fork, text)),
  ];
}

function proofOf(text: string): HTMLElement {
  return element("pre", "note", text.slice(0, text.indexOf("\n\n")));
}

function sides(earlier: string, later: string): HTMLElement {
  return element("div", "sides", side("One", earlier), side("The other", later));
}

function side(title: string, note: string): HTMLElement {
  return element("div", "", element("span", "", title), element("pre", "note", note));
}

function saveNote({ note }: SeenHead): HTMLElement {
  return button("Save this checkpoint", "", () => save("checkpoint", note));
}
