/** What an evaluator wrote as its result (docs/abi.md, "Result"), read strictly and made a decision. */
import {
  CODE_NUMBERS,
  type Code,
  ERROR_NUMBERS,
  type ErrorKind,
  type Outcome,
  type Reason,
  type ReasonValue,
  VERDICT_NUMBERS,
  type Verdict,
} from "./decision.ts";
import { RESULT_TAIL_BYTES, RULES_LISTED_MAX } from "./layout.ts";
import { sortedNames } from "./layout-codec.ts";
import type { Manifest, RuleEntry, TemplateEntry } from "./manifest.ts";
import { readObligations } from "./obligations.ts";
import { renderReason } from "./render.ts";
import { makeResultMemory, RESULT_MAGIC, type ResultMemory } from "./result-memory.ts";
import { textAt, type View } from "./result-view.ts";

/**
 * The answer to one request. Only `verdict: "allow"` permits, and only with its obligations. A decision is
 * data: nothing in it changes, and decisions may share their arrays.
 */
export interface Decision extends Omit<Outcome, "reasons" | "notes"> {
  /** All fired rules; `rules` lists at most 256. */
  readonly rulesTotal: number;
  readonly errorsTotal: number;
  /** For the caller: the `because` of the rules that decided. At most 256 bytes each, safe to print. */
  readonly reasons: readonly string[];
  /** For operators: the `note` of all fired rules. */
  readonly notes: readonly string[];
  /** The same with typed values. */
  readonly explained: { readonly reasons: readonly Reason[]; readonly notes: readonly Reason[] };
  /** Where the verdict is `allow`: canonical texts of all shaped text, paths included, in walk order. */
  readonly paths: readonly string[];
}

/** The decision in the form that every engine answers in. */
export function outcomeOf(decision: Decision): Outcome {
  const { verdict, code, granted, rules, errors, explained, obligations } = decision;
  const { reasons, notes } = explained;
  const { shadow } = decision;
  const outcome = { verdict, code, granted, rules, errors, reasons, notes, obligations };
  return shadow === undefined ? outcome : { ...outcome, shadow };
}

const NONE: readonly never[] = Object.freeze([]);
const NOTHING_EXPLAINED = Object.freeze({ reasons: NONE, notes: NONE });

const denials = new Map<Code, Decision>();

/** The answer where no rule was asked. */
export function denied(code: Code): Decision {
  let decision = denials.get(code);
  if (decision === undefined) {
    const empty = { rules: NONE, errors: NONE, rulesTotal: 0, errorsTotal: 0, reasons: NONE, notes: NONE };
    const rest = { explained: NOTHING_EXPLAINED, obligations: NONE, paths: NONE };
    decision = Object.freeze({ verdict: "deny", code, granted: false, ...empty, ...rest });
    denials.set(code, decision);
  }
  return decision;
}

/**
 * What an evaluator's own answer is worth by itself. A guard lets pass what it does not restrict, but grants
 * nothing: where nobody else does, nothing is permitted and nothing waits.
 */
export function standingAlone(answer: Decision): Decision {
  const { granted, verdict } = answer;
  if (granted || (verdict !== "allow" && verdict !== "hold")) return answer;
  const explained = Object.freeze({ reasons: NONE, notes: answer.explained.notes });
  return Object.freeze({
    ...answer,
    verdict: "deny",
    code: "no_rule",
    reasons: NONE,
    explained,
    paths: NONE,
  });
}

export const RESULT_HEADER_BYTES = 64;
const RESULT_BYTES = RESULT_HEADER_BYTES + RULES_LISTED_MAX * 12;
/** Behind the rest, where the policy has shadow rules: total, listed, ids. */
const SHADOW_BYTES = 8 + RULES_LISTED_MAX * 4;

/** What the result of this evaluator takes at most. */
export function resultBytes({ hasShadow, hasObligations }: ResultReader): number {
  const bytes = hasShadow ? RESULT_BYTES + SHADOW_BYTES : RESULT_BYTES;
  return hasObligations ? bytes + RESULT_TAIL_BYTES : bytes;
}
const VALUE_BYTES = 24;
/** In a fired rule's number: a hold that has its approvals. */
const RELEASED = 0x8000_0000;

/** What a manifest says about reading results, looked up once. */
export interface ResultReader {
  readonly manifest: Manifest;
  readonly enums: readonly (readonly string[])[];
  readonly entities: readonly string[];
  readonly memory: ResultMemory;
  /** Some rule is a shadow rule. */
  readonly hasShadow: boolean;
  /** Some rule imposes an obligation. */
  readonly hasObligations: boolean;
  /** Where the address of those that bind stands, in words from the start of the result. */
  readonly obligationsWord: number;
}

export function makeResultReader(manifest: Manifest): ResultReader {
  const { enums, entities } = manifest.types;
  const hasShadow = manifest.rules.some((rule) => rule.shadow === true);
  return {
    manifest,
    enums: sortedNames(enums).map((name) => enums.get(name) ?? []),
    entities: sortedNames(entities),
    memory: makeResultMemory(manifest.rules.length),
    hasShadow,
    hasObligations: manifest.rules.some(({ obliges }) => obliges.length > 0),
    obligationsWord: (RESULT_BYTES + (hasShadow ? SHADOW_BYTES : 0)) >> 2,
  };
}

/** The part of a decision that fired rules make. */
interface Fired {
  readonly verdict: Verdict;
  readonly rules: readonly string[];
  readonly reasons: readonly string[];
  readonly notes: readonly string[];
  readonly explained: Decision["explained"];
}

const VERDICTS = byNumber(VERDICT_NUMBERS);
const CODES = byNumber(CODE_NUMBERS);
const ERRORS = byNumber(ERROR_NUMBERS);

function byNumber<Name extends string>(numbers: Readonly<Record<Name, number>>): (Name | undefined)[] {
  const names: (Name | undefined)[] = [];
  for (const name of Object.keys(numbers) as Name[]) names[numbers[name]] = name;
  return names;
}

/**
 * The decision that the result says, or null where result and answer are not what an evaluator of this ABI
 * writes: then the instance is not to be trusted any more.
 */
export function readResult(
  reader: ResultReader,
  view: View,
  result: number,
  answer: number,
  isGuard = reader.manifest.guard === true,
): Decision | null {
  const { words } = view;
  const word = result >> 2;
  const number = words[word + 1]!;
  const verdict = VERDICTS[number];
  const code = CODES[words[word + 3]!];
  if (words[word] !== RESULT_MAGIC || number !== answer || verdict === undefined || code === undefined)
    return null;
  const granted = words[word + 2]!;
  // A guard never grants, a policy never permits without.
  if (granted !== 0 && (granted !== 1 || isGuard)) return null;
  if (number === 1 && (isGuard ? code !== "no_rule" : granted !== 1 || code !== "rule")) return null;
  const rulesTotal = words[word + 6]! >>> 0;
  const errorsTotal = words[word + 8]! >>> 0;
  if (words[word + 7] !== listed(rulesTotal) || words[word + 9] !== listed(errorsTotal)) return null;
  if (words[word + 12] !== 0) return null;
  const fired = readFired(reader, view, word, verdict, code);
  const errors = errorsTotal === 0 ? NONE : readErrors(reader, view, word);
  // Only what is permitted is executed; of a request that was refused as malformed, the paths may be no text.
  const paths = verdict !== "allow" || words[word + 13] === 0 ? NONE : readPaths(view, word);
  const shadow = reader.hasShadow ? readShadow(reader, view, word) : NONE;
  const obligations = words[word + 10] === 0 ? NONE : readObligations(reader, view, word);
  if (fired === null || errors === null || paths === null || shadow === null || obligations === null)
    return null;
  const { rules, reasons, notes, explained } = fired;
  const decision: Decision = {
    verdict,
    code,
    granted: granted === 1,
    rules,
    errors,
    rulesTotal,
    errorsTotal,
    reasons,
    notes,
    explained,
    obligations,
    paths,
  };
  return Object.freeze(shadow.length === 0 ? decision : { ...decision, shadow });
}

function listed(total: number): number {
  return total < RULES_LISTED_MAX ? total : RULES_LISTED_MAX;
}

const NOBODY: Fired = {
  verdict: "deny",
  rules: NONE,
  reasons: NONE,
  notes: NONE,
  explained: NOTHING_EXPLAINED,
};

function readFired(
  reader: ResultReader,
  view: View,
  word: number,
  verdict: Verdict,
  code: Code,
): Fired | null {
  return view.words[word + 7] === 0 ? NOBODY : explainFired(reader, view, word, verdict, code);
}

function explainFired(
  reader: ResultReader,
  view: View,
  head: number,
  verdict: Verdict,
  code: Code,
): Fired | null {
  const { words } = view;
  const word = head + 16;
  const count = words[head + 7]!;
  const values = readValues(reader, view, head);
  if (values === null) return null;
  const rules: string[] = [];
  const reasons: Reason[] = [];
  const notes: Reason[] = [];
  let before = -1;
  for (let at = 0; at < count; at += 1) {
    const id = words[word + at]! & ~RELEASED;
    const isReleased = words[word + at]! < 0;
    const rule = reader.manifest.rules[id];
    if (rule === undefined || id <= before) return null;
    before = id;
    rules.push(rule.name);
    const isReason = code === "rule" && rule.verdict === verdict && !isReleased;
    if (isReason && rule.because !== null) reasons.push(fill(rule, rule.because, values.get(id * 4 + 1)));
    if (rule.note !== null) notes.push(fill(rule, rule.note, values.get(id * 4 + 2)));
  }
  const named = { verdict, rules: Object.freeze(rules) };
  if (reasons.length === 0 && notes.length === 0) {
    return { ...named, reasons: NONE, notes: NONE, explained: NOTHING_EXPLAINED };
  }
  return {
    ...named,
    reasons: Object.freeze(reasons.map(({ parts }) => renderReason(parts))),
    notes: Object.freeze(notes.map(({ parts }) => renderReason(parts))),
    explained: Object.freeze({ reasons: Object.freeze(reasons), notes: Object.freeze(notes) }),
  };
}

/** A hole without a value is shown as an error: reasons change no verdict. */
function fill(rule: RuleEntry, { parts }: TemplateEntry, values: readonly ReasonValue[] = NONE): Reason {
  let hole = 0;
  const filled = parts.map((part) => {
    if (part !== null) return part;
    hole += 1;
    return values[hole - 1] ?? { kind: "error" as const };
  });
  return Object.freeze({ rule: rule.name, parts: Object.freeze(filled) });
}

function readErrors({ manifest }: ResultReader, { words }: View, head: number): Decision["errors"] | null {
  const word = head + 16 + RULES_LISTED_MAX;
  const errors: { rule: string; kind: ErrorKind }[] = [];
  let before = -1;
  for (let at = 0; at < words[head + 9]!; at += 1) {
    const id = words[word + at * 2]!;
    const rule = manifest.rules[id];
    const kind = ERRORS[words[word + at * 2 + 1]!];
    if (rule === undefined || kind === undefined || id <= before) return null;
    before = id;
    errors.push({ rule: rule.name, kind });
  }
  return Object.freeze(errors);
}

function readShadow({ manifest }: ResultReader, { words }: View, head: number): readonly string[] | null {
  const word = head + (RESULT_BYTES >> 2);
  const count = words[word + 1]!;
  if (count !== listed(words[word]! >>> 0)) return null;
  const names: string[] = [];
  let before = -1;
  for (let at = 0; at < count; at += 1) {
    const id = words[word + 2 + at]!;
    const rule = manifest.rules[id];
    if (rule?.shadow !== true || id <= before) return null;
    before = id;
    names.push(rule.name);
  }
  return Object.freeze(names);
}

function readPaths({ bytes, words }: View, head: number): readonly string[] | null {
  const count = words[head + 13]! >>> 0;
  const word = words[head + 14]! >>> 2;
  if (word + count * 2 > words.length) return null;
  const paths: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const path = textAt(bytes, words[word + at * 2]!, words[word + at * 2 + 1]!);
    if (path === null) return null;
    paths.push(path);
  }
  return Object.freeze(paths);
}

const NO_VALUES: ReadonlyMap<number, ReasonValue[]> = new Map();

/** Values of holes by rule * 4 + template. */
function readValues(
  reader: ResultReader,
  view: View,
  head: number,
): ReadonlyMap<number, ReasonValue[]> | null {
  const count = view.words[head + 11]! >>> 0;
  if (count === 0) return NO_VALUES;
  const values = new Map<number, ReasonValue[]>();
  let word = view.words[head + 15]! >>> 2;
  if (word + count * (VALUE_BYTES >> 2) > view.words.length) return null;
  for (let at = 0; at < count; at += 1, word += VALUE_BYTES >> 2) {
    const [rule, places] = [view.words[word]!, view.words[word + 1]!];
    const template = places & 0xffff;
    const value = readValue(reader, view, word);
    if (value === null || rule < 0 || template < 1 || template > 2) return null;
    const key = rule * 4 + template;
    const holes = values.get(key);
    if (places >>> 16 !== (holes?.length ?? 0)) return null;
    if (holes === undefined) values.set(key, [value]);
    else holes.push(value);
  }
  return values;
}

function readValue(reader: ResultReader, { bytes, words }: View, word: number): ReasonValue | null {
  const aux = words[word + 3]!;
  const [low, high] = [words[word + 4]!, words[word + 5]!];
  const number = (BigInt(high) << 32n) | BigInt(low >>> 0);
  switch (words[word + 2]) {
    case 0:
      return { kind: "error" };
    case 1:
      return { kind: "bool", value: low === 1 };
    case 2:
      return { kind: "int", value: number };
    case 3:
      return { kind: "decimal", value: number };
    case 4:
      return { kind: "timestamp", ms: number };
    case 5:
      return { kind: "duration", ms: number };
    case 6: {
      const text = textAt(bytes, low, high);
      return text === null ? null : { kind: "text", text };
    }
    case 7: {
      const member = reader.enums[aux]?.[low];
      return member === undefined ? null : { kind: "enum", member };
    }
    case 8: {
      const [type, id] = [reader.entities[aux], textAt(bytes, low, high)];
      return type === undefined || id === null ? null : { kind: "entity", type, id };
    }
    default:
      return null;
  }
}
