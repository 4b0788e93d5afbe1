/**
 * The manifest as canonical JSON, the text of the custom section `polity`. 64-bit integers are decimal text,
 * keys are snake_case. The member `layout` holds exactly what the layout tag covers.
 */
import { VERDICT_NUMBERS, type Verdict } from "./decision.ts";
import { type Sha256, toHex, utf8 } from "./hash.ts";
import { CanonicalJsonError, canonicalJson, parseJson } from "./json.ts";
import type { Types } from "./layout.ts";
import { fieldJson, layoutJson, readFieldsOf, readLayout } from "./layout-codec.ts";
import {
  type ActionCost,
  type ActionLayout,
  type FieldSource,
  type Limits,
  type Manifest,
  memoryBytes,
  type ObligationEntry,
  type RuleEntry,
  type TagEntry,
  type TemplateEntry,
} from "./manifest.ts";
import { approvalJson, readApproval } from "./manifest-approval.ts";
import {
  array,
  ascending,
  bigint,
  bool,
  integer,
  members,
  name,
  refuse,
  ShapeError,
  someMembers,
  text,
} from "./shape.ts";
import { compareText } from "./text-order.ts";

export type ManifestResult =
  | { readonly ok: true; readonly manifest: Manifest }
  | { readonly ok: false; readonly message: string };

/**
 * The manifest as text; throws a CanonicalJsonError for a manifest that cannot be written (lone surrogates).
 */
export function encodeManifest(manifest: Manifest): string {
  const { abi, policy, valid, types, subject, actions, limits } = manifest;
  return canonicalJson({
    abi: { major: abi.major, minor: abi.minor },
    assembler: manifest.assembler,
    compiler: manifest.compiler,
    containment_age_ms: String(manifest.containmentAgeMs),
    costs: manifest.costs.map(costJson),
    entity_literals: manifest.entityLiterals.map(({ type, id }) => ({ type, id })),
    ...(manifest.guard === true && { guard: true }),
    ...(manifest.simd === true && { simd: true }),
    language: manifest.language,
    layout: layoutJson(types, subject, actions, manifest.others),
    layout_tag: manifest.layoutTag,
    limits: {
      facts_bytes_max: limits.factsBytesMax,
      frame_bytes_max: limits.frameBytesMax,
      memory_bytes_max: limits.memoryBytesMax,
      static_bytes: limits.staticBytes,
    },
    ...(manifest.obligations.length > 0 && { obligations: manifest.obligations.map(obligationJson) }),
    policy: { name: policy.name, version: String(policy.version) },
    ...(manifest.provenance !== undefined && {
      provenance: manifest.provenance.map(({ action, field, from }) => ({ action, field, from })),
    }),
    reads_trust: manifest.readsTrust,
    ...(manifest.tzdata === undefined ? {} : { tzdata: manifest.tzdata }),
    rules: manifest.rules.map(ruleJson),
    sources: manifest.sources.map(({ file, sha256 }) => ({ file, sha256 })),
    valid: valid === null ? null : { from_ms: String(valid.fromMs), until_ms: String(valid.untilMs) },
  });
}

/**
 * The first 8 bytes of the SHA-256 of the layout's canonical JSON, as 16 hex digits in memory order: frames
 * and facts made for another layout are told apart by it.
 */
export function layoutTag(
  types: Types,
  subject: Manifest["subject"],
  actions: readonly ActionLayout[],
  sha256: Sha256,
  others?: ActionLayout,
): string {
  return toHex(sha256(utf8(canonicalJson(layoutJson(types, subject, actions, others)))).subarray(0, 8));
}

/** Reads what `encodeManifest` wrote; text that it would not have written, byte for byte, is refused. */
export function decodeManifest(json: string): ManifestResult {
  const parsed = parseJson(json);
  if (!parsed.ok) return { ok: false, message: `${parsed.message} at ${parsed.offset}` };
  try {
    const manifest = readManifest(parsed.value);
    if (encodeManifest(manifest) !== json) return { ok: false, message: "not in canonical form" };
    return { ok: true, manifest };
  } catch (error) {
    if (error instanceof ShapeError || error instanceof CanonicalJsonError) {
      return { ok: false, message: error.message };
    }
    throw error;
  }
}

const KEYS = [
  "abi",
  "assembler",
  "compiler",
  "containment_age_ms",
  "costs",
  "entity_literals",
  "language",
  "layout",
  "layout_tag",
  "limits",
  "policy",
  "reads_trust",
  "rules",
  "sources",
  "valid",
];

const U16_MAX = 0xffff;
const U32_MAX = 0xffff_ffff;

function readManifest(json: unknown): Manifest {
  const top = members(json, "manifest", KEYS, ["guard", "obligations", "provenance", "simd", "tzdata"]);
  const abi = members(top.abi, "abi", ["major", "minor"]);
  const policy = members(top.policy, "policy", ["name", "version"]);
  const layout = readLayout(top.layout);
  const tag = text(top.layout_tag, "layout_tag");
  if (!/^[0-9a-f]{16}$/.test(tag)) refuse("layout_tag", "not 16 hex digits");
  const age = bigint(top.containment_age_ms, "containment_age_ms");
  if (age <= 0n) refuse("containment_age_ms", "not positive");
  const obligations = readObligations(top.obligations, layout.types);
  const names: RuleNames = {
    actions: new Set(layout.actions.map((action) => action.name)),
    obligations: new Set(obligations.map((obligation) => obligation.name)),
  };
  const rules = array(top.rules, "rules", (rule, where) => readRule(rule, where, names));
  ascending(
    rules.map((rule) => rule.name),
    "rules",
  );
  const sources = array(top.sources, "sources", readSource);
  if (sources.length === 0) refuse("sources", "none");
  ascending(
    sources.map(({ file }) => file),
    "sources",
  );
  const isGuard = top.guard !== undefined && bool(top.guard, "guard");
  if (isGuard && rules.some((rule) => rule.verdict === "allow")) refuse("rules", "a guard has no allow");
  return {
    abi: { major: integer(abi.major, "abi", 0, U16_MAX), minor: integer(abi.minor, "abi", 0, U16_MAX) },
    language: integer(top.language, "language", 0, U16_MAX),
    ...(isGuard && { guard: true }),
    policy: { name: text(policy.name, "policy.name"), version: bigint(policy.version, "policy.version") },
    valid: readValid(top.valid),
    containmentAgeMs: age,
    costs: readCosts(top.costs, layout.actions),
    compiler: text(top.compiler, "compiler"),
    assembler: text(top.assembler, "assembler"),
    ...(top.simd !== undefined && bool(top.simd, "simd") && { simd: true }),
    sources,
    types: layout.types,
    subject: layout.subject,
    layoutTag: tag,
    actions: layout.actions,
    ...(layout.others !== undefined && { others: layout.others }),
    rules,
    entityLiterals: readLiterals(top.entity_literals, layout.types),
    ...readProvenance(top.provenance, layout.actions),
    readsTrust: bool(top.reads_trust, "reads_trust"),
    obligations,
    ...(top.tzdata === undefined ? {} : { tzdata: release(top.tzdata) }),
    limits: readLimits(top.limits),
  };
}

const LIMITS = ["facts_bytes_max", "frame_bytes_max", "memory_bytes_max", "static_bytes"];

/** The last of them follows from two others: it stands there to be read. */
function readLimits(json: unknown): Limits {
  const limits = members(json, "limits", LIMITS);
  const bytes = (member: string, least: number) =>
    integer(limits[member], `limits.${member}`, least, U32_MAX + 1);
  const [frameBytesMax, factsBytesMax] = [bytes("frame_bytes_max", 160), bytes("facts_bytes_max", 32)];
  const [staticBytes, memoryBytesMax] = [bytes("static_bytes", 0), bytes("memory_bytes_max", 0)];
  const wanted = memoryBytes(staticBytes, factsBytesMax);
  if (memoryBytesMax !== wanted) refuse("limits.memory_bytes_max", `not the ${wanted} that follow`);
  return { frameBytesMax, factsBytesMax, staticBytes, memoryBytesMax };
}

function release(json: unknown): string {
  const written = text(json, "tzdata");
  return /^\d{4}[a-z]{1,2}$/.test(written) ? written : refuse("tzdata", "not a release");
}

function readValid(json: unknown): Manifest["valid"] {
  if (json === null) return null;
  const valid = members(json, "valid", ["from_ms", "until_ms"]);
  return {
    fromMs: bigint(valid.from_ms, "valid.from_ms"),
    untilMs: bigint(valid.until_ms, "valid.until_ms"),
  };
}

function costJson({ action, decodeSteps, ruleSteps, frameBytesMax }: ActionCost): unknown {
  return {
    action,
    decode_steps: String(decodeSteps),
    frame_bytes_max: frameBytesMax,
    rule_steps: String(ruleSteps),
  };
}

const COST_KEYS = ["action", "decode_steps", "frame_bytes_max", "rule_steps"];

function readCosts(json: unknown, actions: readonly ActionLayout[]): readonly ActionCost[] {
  const costs = array(json, "costs", (one, where) => {
    const cost = members(one, where, COST_KEYS);
    return {
      action: name(cost.action, where),
      decodeSteps: steps(cost.decode_steps, where),
      ruleSteps: steps(cost.rule_steps, where),
      frameBytesMax: integer(cost.frame_bytes_max, where, 160, U32_MAX),
    };
  });
  const isComplete =
    costs.length === actions.length && costs.every((one, i) => one.action === actions[i]?.name);
  return isComplete ? costs : refuse("costs", "not one for each action");
}

function steps(json: unknown, where: string): bigint {
  const value = bigint(json, where);
  return value < 0n ? refuse(where, "negative") : value;
}

function readProvenance(json: unknown, actions: readonly ActionLayout[]): Pick<Manifest, "provenance"> {
  if (json === undefined) return {};
  const provenance = array(json, "provenance", (one, where): FieldSource => {
    const source = members(one, where, ["action", "field", "from"]);
    const from = text(source.from, where);
    if (from !== "host" && from !== "agent") return refuse(where, "neither host nor agent");
    return { action: name(source.action, where), field: name(source.field, where), from };
  });
  // What is declared, in its order: the fields of each action are sorted, and so are the actions.
  const declared = actions.flatMap(({ name: action, fields }) =>
    fields.map((field) => `${action} ${field.name}`),
  );
  let at = -1;
  for (const { action, field } of provenance) {
    const next = declared.indexOf(`${action} ${field}`, at + 1);
    if (next === -1) refuse("provenance", `${action}.${field} is not declared, or out of order`);
    at = next;
  }
  return provenance.length === 0 ? refuse("provenance", "empty") : { provenance };
}

function readSource(json: unknown, where: string): Manifest["sources"][number] {
  const source = members(json, where, ["file", "sha256"]);
  const digest = text(source.sha256, where);
  if (!/^sha256:[0-9a-f]{64}$/.test(digest)) refuse(where, "not a SHA-256");
  return { file: text(source.file, where), sha256: digest };
}

/** Each once, by type, then by the bytes of the id. */
function readLiterals(json: unknown, types: Types): Manifest["entityLiterals"] {
  const literals = array(json, "entity_literals", (literal, where) => readLiteral(literal, where, types));
  for (const [at, { type, id }] of literals.entries()) {
    const before = literals[at - 1];
    if (before === undefined) continue;
    const order = compareText(before.type, type) || compareText(before.id, id);
    if (order >= 0) refuse("entity_literals", `${type} ${id} is not in order`);
  }
  return literals;
}

function readLiteral(json: unknown, where: string, types: Types): Manifest["entityLiterals"][number] {
  const literal = members(json, where, ["id", "type"]);
  const type = name(literal.type, where);
  if (!types.entities.has(type)) refuse(where, `unknown entity type ${type}`);
  return { type, id: text(literal.id, where) };
}

// ---- obligations

function obligationJson(obligation: ObligationEntry): unknown {
  return { arguments: obligation.arguments.map(fieldJson), name: obligation.name, when: obligation.when };
}

/** Left out where there are none. */
function readObligations(json: unknown, types: Types): readonly ObligationEntry[] {
  if (json === undefined) return [];
  const obligations = array(json, "obligations", (obligation, where): ObligationEntry => {
    const read = members(obligation, where, ["arguments", "name", "when"]);
    const when = text(read.when, where);
    if (when !== "before" && when !== "after" && when !== "advice") refuse(where, `unknown phase ${when}`);
    return { name: name(read.name, where), when, arguments: readFieldsOf(read.arguments, where, types) };
  });
  ascending(
    obligations.map((obligation) => obligation.name),
    "obligations",
  );
  return obligations;
}

// ---- rules

interface RuleNames {
  readonly actions: ReadonlySet<string>;
  readonly obligations: ReadonlySet<string>;
}

function ruleJson(rule: RuleEntry): unknown {
  return {
    absent_ok: rule.absentOk.map(({ path, why }) => ({ path, why })),
    actions: rule.actions,
    ...(rule.approval === undefined ? {} : { approval: approvalJson(rule.approval) }),
    because: rule.because,
    column: rule.column,
    line: rule.line,
    name: rule.name,
    note: rule.note,
    ...(rule.obliges.length > 0 && { obliges: rule.obliges }),
    ...(rule.shadow === undefined ? {} : { shadow: true }),
    ...(rule.tags === undefined
      ? {}
      : { tags: rule.tags.map(({ name: tag, args }) => ({ args, name: tag })) }),
    verdict: rule.verdict,
  };
}

const RULE_KEYS = ["absent_ok", "actions", "because", "column", "line", "name", "note", "verdict"];

function readRule(json: unknown, where: string, known: RuleNames): RuleEntry {
  const rule = someMembers(json, where, RULE_KEYS, ["approval", "obliges", "shadow", "tags"]);
  const verdict = text(rule.verdict, where);
  if (!Object.hasOwn(VERDICT_NUMBERS, verdict)) refuse(where, `unknown verdict ${verdict}`);
  const actions = array(rule.actions, where, name);
  ascending(actions, where);
  for (const action of actions) if (!known.actions.has(action)) refuse(where, `unknown action ${action}`);
  const obliges = rule.obliges === undefined ? [] : array(rule.obliges, where, name);
  for (const [at, obligation] of obliges.entries()) {
    if (!known.obligations.has(obligation)) refuse(where, `unknown obligation ${obligation}`);
    if (at > 0 && obliges[at - 1]! > obligation) refuse(where, `${obligation} is not in order`);
  }
  return {
    name: name(rule.name, where),
    verdict: verdict as Verdict,
    actions,
    line: integer(rule.line, where, 0, U32_MAX),
    column: integer(rule.column, where, 0, U32_MAX),
    because: readTemplate(rule.because, `${where}.because`),
    note: readTemplate(rule.note, `${where}.note`),
    absentOk: array(rule.absent_ok, where, (pair, at) => {
      const { path, why } = members(pair, at, ["path", "why"]);
      return { path: text(path, at), why: text(why, at) };
    }),
    obliges,
    ...(rule.approval === undefined ? {} : { approval: readApproval(rule.approval, `${where}.approval`) }),
    ...(rule.shadow === undefined
      ? {}
      : { shadow: rule.shadow === true || refuse(where, "shadow is not true") }),
    ...(rule.tags === undefined ? {} : { tags: readTags(rule.tags, `${where}.tags`) }),
  };
}

/** Each name once, in order; a rule without tags has no such member. */
function readTags(json: unknown, where: string): readonly TagEntry[] {
  const tags = array(json, where, (tag, at) => {
    const { name: written, args } = members(tag, at, ["args", "name"]);
    return { name: name(written, at), args: array(args, at, text) };
  });
  ascending(
    tags.map((tag) => tag.name),
    where,
  );
  return tags.length === 0 ? refuse(where, "empty") : tags;
}

function readTemplate(json: unknown, where: string): TemplateEntry | null {
  if (json === null) return null;
  const { parts } = members(json, where, ["parts"]);
  return { parts: array(parts, where, (part, at) => (part === null ? null : text(part, at))) };
}
