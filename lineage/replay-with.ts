/** The history of a log under another version of a policy: which verdicts would have been others. */
import { openUnsigned } from "@polity/runtime/authoring.ts";
import type { Verdict } from "@polity/runtime/decision.ts";
import { digestName, type Sha256 } from "@polity/runtime/hash.ts";
import { type Artefacts, artefactsOf, heldArtefacts } from "./artefacts.ts";
import type { DecisionEntry, MemberDecision } from "./entry.ts";
import { decodeEntry } from "./entry-codec.ts";
import type { ReplayEntry, ReplayFinding } from "./replay.ts";
import { headerOf, openAsked } from "./replay-decision.ts";
import { type Cast, type OpenPanel, wasmPanels } from "./replay-panel.ts";

/** A decision that would have been another. */
export interface ChangedVerdict {
  readonly index: number;
  readonly id: string;
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly requestId: string | null;
  readonly action: string;
  readonly logged: { readonly verdict: Verdict; readonly code: string };
  readonly other: { readonly verdict: Verdict; readonly code: string };
}

export interface ComparisonSummary {
  entries: number;
  decisions: number;
  /** Decided by the other version too. */
  compared: number;
  /** Of these: with another verdict; with the same one, for other reasons or with other obligations. */
  changed: number;
  otherwise: number;
  /** Decisions that the policy had no part in. */
  apart: number;
  /** No evaluator was asked. */
  unasked: number;
  /** The request is not there any more. */
  erased: number;
  findings: number;
}

export interface Comparison {
  readonly next: (entry: ReplayEntry) => Promise<ChangedVerdict | ReplayFinding | null>;
  readonly summary: Readonly<ComparisonSummary>;
}

/** Who takes whose place. */
export interface OtherVersion {
  readonly wasm: Uint8Array;
  /** Of a set; null: every member whose policy has the other version's name. */
  readonly member: string | null;
}

/** Null where the other version is no evaluator; `refused` says why. */
export async function openComparison(
  { wasm, member }: OtherVersion,
  artefacts: Artefacts,
  sha256: Sha256,
): Promise<Comparison | { readonly code: string; readonly message: string }> {
  const opened = await openUnsigned(wasm);
  if ("code" in opened) return opened;
  const policy = opened.manifest.policy.name;
  const isReplaced = (one: MemberDecision) => (member === null ? one.policy === policy : one.name === member);
  const evaluator = digestName(sha256(wasm));
  const open = wasmPanels(artefactsOf([heldArtefacts([wasm], sha256), artefacts]), sha256);
  return comparing(open, (cast) => recast(cast, isReplaced, evaluator), sha256);
}

/** Null where nobody is replaced. */
function recast(cast: Cast, isReplaced: (one: MemberDecision) => boolean, evaluator: string): Cast | null {
  if (!cast.members.some(isReplaced)) return null;
  const members = cast.members.map((one) => (isReplaced(one) ? { ...one, evaluator } : one));
  // What was signed had other members, and facts that were built were built for another evaluator.
  const set = cast.set && { ...cast.set, epoch: 0 };
  return { ...cast, set, members, factsBuilt: null };
}

function comparing(open: OpenPanel, recastOf: (cast: Cast) => Cast | null, sha256: Sha256): Comparison {
  const summary: ComparisonSummary = {
    entries: 0,
    decisions: 0,
    compared: 0,
    changed: 0,
    otherwise: 0,
    apart: 0,
    unasked: 0,
    erased: 0,
    findings: 0,
  };

  async function one({ index, bytes, opening }: ReplayEntry) {
    summary.entries += 1;
    const decoded = decodeEntry(bytes);
    if (!decoded.ok) return { index, code: decoded.code, message: decoded.message, path: decoded.path };
    const { entry } = decoded;
    if (entry.kind !== "decision") return null;
    summary.decisions += 1;
    const cast = recastOf(entry);
    const { request, header } = entry;
    if (cast === null || request === null || header === null) {
      summary[cast === null ? "apart" : "unasked"] += 1;
      return null;
    }
    const asked = openAsked(request, opening, sha256);
    if ("kind" in asked) {
      if (asked.kind === "unopened") return { index, code: asked.code, message: asked.message };
      summary.erased += 1;
      return null;
    }
    const panel = await open(cast);
    if ("code" in panel) {
      const { code, message, artefact } = panel;
      return { index, code, message, ...(artefact !== null && { artefact }) };
    }
    const { action, fields, entities, digest } = asked;
    const { decision } = panel.decide(action, fields, headerOf({ header }, digest), entities);
    if (decision.code.startsWith("host.")) await panel.ready();
    summary.compared += 1;
    if (decision.verdict === entry.verdict) {
      if (decision.code !== entry.code || !isAlike(entry, decision)) summary.otherwise += 1;
      return null;
    }
    summary.changed += 1;
    const { id, at, requestId, verdict, code } = entry;
    const other = { verdict: decision.verdict, code: decision.code };
    return { index, id, at, requestId, action, logged: { verdict, code }, other };
  }

  return {
    async next(entry) {
      const found = await one(entry);
      if (found !== null && "message" in found) summary.findings += 1;
      return found;
    },
    summary,
  };
}

/** By what a member said of rules, and by what is to be done. */
function isAlike(
  { members, obligations }: DecisionEntry,
  decision: { readonly rules: readonly string[]; readonly obligations: readonly { readonly name: string }[] },
): boolean {
  const alone = members[0]?.name === null;
  const counted = members.filter(({ mode }) => mode === "enforcing");
  const rules = alone
    ? counted.flatMap((one) => one.rules)
    : counted.flatMap((one) => one.rules.map((rule) => `${one.name}/${rule}`));
  const names = (all: readonly { readonly name: string }[]) => all.map(({ name }) => name).join(" ");
  return (
    rules.sort().join(" ") === [...decision.rules].sort().join(" ") &&
    names(obligations) === names(decision.obligations)
  );
}
