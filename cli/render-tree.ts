/** Trees of entries as lines for people: what happened, by which rule or code. */
import type { DecisionEntry, Entry, Party } from "@polity/lineage/entry.ts";
import { unreachable } from "@polity/runtime/unreachable.ts";
import { type EntryNode, walkTree } from "./entry-tree.ts";
import { entryText } from "./render-entry.ts";
import type { Look, Paint } from "./terminal.ts";
import { plural, visible } from "./words.ts";

type Node = EntryNode<{ readonly index: number; readonly leaf: Uint8Array; readonly entry: Entry }>;

const LOOKS: Readonly<Record<DecisionEntry["verdict"], Look>> = {
  allow: "good",
  hold: "warning",
  deny: "error",
  quarantine: "error",
  terminate: "error",
};

/** One line for each entry, its index first, `width` columns wide. */
export function* treeLines(root: Node, width: number, paint: Paint): Generator<string> {
  for (const { node, lines } of walkTree(root)) {
    const index = String(node.read.index).padStart(width);
    yield `${paint("faint", `${index}  ${lines}`)}${textOf(node, paint)}`;
  }
}

function textOf({ read, behind }: Node, paint: Paint): string {
  const { entry } = read;
  switch (entry.kind) {
    case "execution": {
      if (entry.phase === "end") return `ended, ${entry.status ?? "with no status"}`;
      const purpose = entry.purpose === null ? "" : `: ${visible(entry.purpose)}`;
      return `${paint("strong", partyText(entry.agent))}${purpose}`;
    }
    case "decision": {
      const said = `${paint(LOOKS[entry.verdict], entry.verdict)} ${visible(entry.action ?? "no action")}`;
      return `${said} (${visible(becauseOf(entry))})${approved(entry)}${about(behind)}`;
    }
    case "outcome":
      return entry.status;
    case "approval":
      return `${entry.decision} by ${partyText(entry.approver)}`;
    case "containment":
      return `${partyText(entry.subject)} is ${entry.state} from here on`;
    case "event":
    case "trust":
    case "epoch":
    case "key":
    case "redaction":
    case "gap":
    case "heartbeat":
      return visible(`${entry.kind} ${entryText(entry)}`);
    default:
      return unreachable(entry);
  }
}

/** The rules that fired, of all members, or the code where none did. */
function becauseOf({ code, members }: DecisionEntry): string {
  const rules = members.flatMap((member) => (member.mode === "enforcing" ? member.rules : []));
  return code === "rule" && rules.length > 0 ? [...new Set(rules)].join(", ") : code;
}

function approved({ approvalsConsumed }: DecisionEntry): string {
  const count = approvalsConsumed.length;
  return count === 0 ? "" : `, by ${plural(count, "approval")}`;
}

function about(behind: Party | null): string {
  return behind === null ? "" : `, for ${partyText(behind)} behind it`;
}

function partyText({ type, id }: Party): string {
  return visible(`${type}::${JSON.stringify(id)}`);
}
