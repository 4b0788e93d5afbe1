/** The recorded session of examples/coding-agent, and what the policy says to each of its calls. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Verdict } from "@polity/runtime/decision.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { Host } from "@polity/runtime/index.ts";
import { sessionRequests } from "../../examples/coding-agent/requests.ts";

export interface Call {
  readonly step: number;
  readonly tool: string;
  /** The argument that says most: a path, the first of several, or where something goes. */
  readonly about: string;
  readonly action: string;
  readonly fields: Readonly<Record<string, unknown>>;
  readonly header: Header;
  /** Whether the file server, which has no policy, carried it out. */
  readonly wasDone: boolean;
}

export interface Answer {
  readonly call: Call;
  readonly verdict: Verdict;
  /** The rules with the final verdict, or the code where none has it. */
  readonly because: string;
  readonly reason: string;
}

/** How long what the host knows counts as current; any time does for a recording. */
const CURRENT_MS = 60_000;

export function readCalls(folder: string): readonly Call[] {
  const lines = (name: string) => readFileSync(join(folder, name), "utf8").trimEnd().split("\n");
  const answers = lines("answers.jsonl").map((line) => JSON.parse(line) as { readonly done: boolean });
  const session = readFileSync(join(folder, "session.jsonl"), "utf8");
  return sessionRequests(session).map(({ id, action, fields, now, trust }, index) => ({
    step: id,
    tool: String(fields.tool),
    about: aboutOf(fields),
    action,
    fields,
    header: headerAt(Date.parse(now), trust),
    wasDone: answers[index]?.done ?? false,
  }));
}

function headerAt(now: number, trust: number): Header {
  return {
    now,
    policyFrom: now - CURRENT_MS,
    policyUntil: now + CURRENT_MS,
    factsUntil: now + CURRENT_MS,
    containment: { state: "free", readAt: now },
    trust,
    approvals: [],
  };
}

function aboutOf({ path, paths, source, destination }: Call["fields"]): string {
  if (typeof path === "string") return path;
  if (Array.isArray(paths)) return paths.join(" ");
  return source === undefined ? "" : `${source} → ${destination}`;
}

export function answer(host: Host, call: Call): Answer {
  const decision = host.decide(call.action, call.fields, call.header);
  const verdicts = new Map(host.manifest.rules.map(({ name, verdict }) => [name, verdict]));
  const rules = decision.rules.filter((name) => verdicts.get(name) === decision.verdict);
  return {
    call,
    verdict: decision.verdict,
    because: decision.code === "rule" ? rules.join(", ") : decision.code,
    reason: decision.reasons.join("; "),
  };
}

const WARM_UP = 2_000;
const MEASURED = 1_001;

/** Nanoseconds per decision: the median of many passes over the whole session, after some to warm up. */
export function timePerDecision(host: Host, calls: readonly Call[]): number {
  const passes: number[] = [];
  for (let pass = 0; pass < WARM_UP + MEASURED; pass += 1) {
    const started = performance.now();
    for (const { action, fields, header } of calls) host.decide(action, fields, header);
    passes.push(((performance.now() - started) * 1e6) / calls.length);
  }
  const measured = passes.slice(WARM_UP).sort((a, b) => a - b);
  return measured[measured.length >> 1] ?? 0;
}
