/** Single entries of a log, for people as a line and for programs as JSON. */
import type { Entry } from "@polity/lineage/entry.ts";
import { digestName } from "@polity/runtime/hash.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";
import { timeText } from "./time-option.ts";
import { visible } from "./words.ts";

/** What reading an entry gives. */
interface Told {
  readonly index: number;
  readonly bytes: Uint8Array;
  /** 32 bytes. */
  readonly leaf: Uint8Array;
  readonly entry: Entry;
}

/** Cells of a table: index, time, node, kind, and what it says. */
export function entryCells({ index, entry }: Pick<Told, "index" | "entry">): string[] {
  return [String(index), timeText(entry.at), entry.node, entry.kind, entryText(entry)].map(visible);
}

/** On one line: index, leaf hash, and the entry as it was logged, which is canonical JSON. */
export function entryJson({ index, bytes, leaf }: Omit<Told, "entry">): string {
  return `{"index":${index},"leaf":"${digestName(leaf)}","entry":${Buffer.from(bytes).toString()}}`;
}

/** What it says, without its kind; not safe to print as it is. */
export function entryText(entry: Entry): string {
  switch (entry.kind) {
    case "decision":
      return `${entry.verdict} ${entry.action ?? "no action"} (${entry.code})`;
    case "outcome":
      return `${entry.status} of ${entry.decision}`;
    case "event":
      return `${entry.phase} ${entry.name}`;
    case "execution":
      return `${entry.phase} of ${entry.execution} by ${entry.agent.type} ${entry.agent.id}`;
    case "trust":
      return `${entry.before} to ${entry.after} for ${entry.subject.type} ${entry.subject.id}`;
    case "epoch":
      return `${entry.change} of epoch ${entry.epoch}`;
    case "key":
      return `${entry.action} ${entry.name} for ${entry.purpose}`;
    case "approval":
      return `${entry.decision} by ${entry.approver.type} ${entry.approver.id}`;
    case "containment":
      return `${entry.state} ${entry.subject.type} ${entry.subject.id}`;
    case "redaction":
      return `of ${entry.targets.length === 1 ? "one request" : `${entry.targets.length} requests`}`;
    case "gap":
      return `${entry.count} from ${entry.fromSeq} ${entry.why}`;
    case "heartbeat":
      return entry.checkpoint === null
        ? "no checkpoint seen"
        : `saw a checkpoint of ${entry.checkpoint.size}`;
    default:
      return unreachable(entry);
  }
}
