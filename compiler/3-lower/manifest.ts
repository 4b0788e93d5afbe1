/** What an evaluator says of itself. */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import {
  ABI_MAJOR,
  ABI_MINOR,
  type ApprovalClause,
  type FieldSource,
  LANGUAGE_VERSION,
  type Manifest,
  type RuleEntry,
  type TemplateEntry,
} from "@polity/runtime/manifest.ts";
import { layoutTag } from "@polity/runtime/manifest-codec.ts";
import type { Case, Checked, Expr, Rule, Template } from "../checked.ts";
import { filesOf, type Position, positionsIn, type Source } from "../source.ts";
import { TZDATA } from "../zones.ts";
import { type ActionSteps, costsOf } from "./costs.ts";
import { actionLayout, factsBytesMax, frameBytesMax } from "./layouts.ts";
import type { Versions } from "./lower.ts";

/** What the module takes by itself is known once its tables lie; until then no bound is stated. */
const NO_BOUND = 0xffff_0000;

export function manifestOf(checked: Checked, versions: Versions, steps: readonly ActionSteps[]): Manifest {
  const actions = checked.actions.map((action) => actionLayout(action, checked.types));
  const others = checked.others === null ? undefined : actionLayout(checked.others.action, checked.types);
  return {
    abi: { major: ABI_MAJOR, minor: ABI_MINOR },
    language: LANGUAGE_VERSION,
    ...(checked.kind === "guard" && { guard: true }),
    policy: checked.policy,
    valid: checked.valid,
    containmentAgeMs: checked.containmentAgeMs,
    compiler: versions.compiler,
    assembler: versions.assembler,
    ...(versions.simd === true && { simd: true }),
    sources: sourcesOf(checked.source),
    types: checked.types,
    subject: checked.subject,
    layoutTag: layoutTag(checked.types, checked.subject, actions, sha256, others),
    actions,
    ...(others !== undefined && { others }),
    rules: ruleEntries(checked),
    entityLiterals: checked.entityLiterals,
    readsTrust: checked.readsTrust,
    obligations: checked.obligations.map(({ name, phase, parameters }) => {
      return { name, when: phase, arguments: parameters };
    }),
    ...(checked.readsZones ? { tzdata: TZDATA } : {}),
    limits: {
      frameBytesMax: frameBytesMax(checked),
      factsBytesMax: factsBytesMax(checked.types),
      staticBytes: NO_BOUND,
      memoryBytesMax: NO_BOUND,
    },
    costs: costsOf(checked, steps),
    ...provenanceOf(checked),
  };
}

function sourcesOf(source: Source): Manifest["sources"] {
  const sources = filesOf(source).map(({ file, text }) => {
    return { file, sha256: `sha256:${bytesToHex(sha256(new TextEncoder().encode(text)))}` };
  });
  return sources.sort((a, b) => (a.file < b.file ? -1 : 1));
}

/** Rules stand in the first file: what is imported has none. */
function provenanceOf({ actions }: Checked): Pick<Manifest, "provenance"> {
  const provenance: FieldSource[] = [];
  for (const { name: action, fields } of actions) {
    for (const { name: field, from } of fields) {
      if (from !== undefined) provenance.push({ action, field, from });
    }
  }
  return provenance.length === 0 ? {} : { provenance };
}

function ruleEntries(checked: Checked): readonly RuleEntry[] {
  const positionOf = positionsIn(checked.source.text);
  return checked.rules.map((rule) => ruleEntry(checked, rule, positionOf(rule.span.start)));
}

function ruleEntry(checked: Checked, rule: Rule, { line, column }: Position): RuleEntry {
  // The text of a template is the same for every action; only the types of its holes may differ. Where no
  // action is declared, what the rule says is about those of other members of a set.
  const first = rule.cases[0] ?? checked.others?.cases.get(rule.name);
  return {
    name: rule.name,
    verdict: rule.verdict,
    actions: rule.cases.map((one) => one.action),
    line,
    column,
    because: templateEntry(first?.because ?? null),
    note: templateEntry(first?.note ?? null),
    absentOk: rule.absentOk,
    ...approvalOf(rule, first),
    ...(rule.shadow ? { shadow: true } : {}),
    ...(rule.tags.length > 0 ? { tags: rule.tags } : {}),
    obliges: rule.shadow ? [] : (first?.obliges ?? []).map(({ obligation }) => obligation).sort(),
  };
}

/** How many and for how long is the same for every action; which group it is the request may have to say. */
function approvalOf({ cases }: Rule, first: Case | undefined): Pick<RuleEntry, "approval"> {
  const approval = first?.approval ?? null;
  if (approval === null) return {};
  const { count: quorum, withinMs } = approval;
  const groups = new Map<string, ApprovalClause["group"]>();
  for (const { approval: one } of cases.length === 0 && first !== undefined ? [first] : cases) {
    const group = one === null ? null : literalEntity(one.group);
    groups.set(JSON.stringify(group), group);
  }
  const [group = null] = groups.values();
  return { approval: { group: groups.size === 1 ? group : null, quorum, withinMs: Number(withinMs) } };
}

function literalEntity(expr: Expr): ApprovalClause["group"] {
  if (
    expr.kind !== "literal" ||
    typeof expr.value !== "object" ||
    !("id" in expr.value && "type" in expr.value)
  ) {
    return null;
  }
  return { type: expr.value.type, id: expr.value.id };
}

function templateEntry(template: Template | null): TemplateEntry | null {
  return template === null
    ? null
    : { parts: template.parts.map((part) => (part.kind === "text" ? part.text : null)) };
}
