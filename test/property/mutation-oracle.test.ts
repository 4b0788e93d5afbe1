/**
 * The mutation oracle (laws.md): whoever leaves a field out, or says it badly, gains nothing by it, unless a
 * rule says that this may be so.
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Outcome, Verdict } from "@polity/runtime/decision.ts";
import type { Header } from "@polity/runtime/header.ts";
import type { Field, Type } from "@polity/runtime/layout.ts";
import { describe, expect, test } from "vitest";
import { compileFile } from "../../cli/compile-file.ts";
import type { Checked, Expr } from "../../compiler/checked.ts";
import { type Facts, loadFacts } from "../../compiler/interpret/facts.ts";
import { answerCounting } from "../../compiler/interpret/interpret.ts";
import { compile } from "../../compiler/pipeline.ts";
import { generateFacts } from "../support/generate/facts.ts";
import { expressionsOf } from "../support/generate/literals-of.ts";
import { generateProgram } from "../support/generate/program.ts";
import { createRandom } from "../support/generate/random.ts";
import { generateRequest, OWN_DIGEST } from "../support/generate/requests.ts";
import { type Mutation, mutationsOf } from "../support/mutations.ts";

interface Asked {
  readonly action: string;
  readonly fields: unknown;
  readonly header: Header;
  /** That the request carries. */
  readonly entities?: unknown;
}

const RANKS: Readonly<Record<Verdict, number>> = { allow: 0, hold: 1, deny: 2, quarantine: 2, terminate: 2 };

interface Tally {
  mutations: number;
  exempt: number;
}

/** Tries every mutation of a request that was not permitted, and fails where one is answered more kindly. */
function tryMutations(checked: Checked, facts: Facts, asked: Asked, tally: Tally): void {
  const before = answerCounting(checked, facts, { ...asked, digest: OWN_DIGEST }).outcome;
  if (before.verdict === "allow" || !isJudged(before)) return;
  for (const mutation of mutationsOf(asked.fields)) {
    // Another request has another digest, so that approvals of the first one do not count.
    const after = answerCounting(checked, facts, { ...asked, fields: mutation.fields, digest: null }).outcome;
    tally.mutations += 1;
    if (RANKS[after.verdict] >= RANKS[before.verdict]) continue;
    expect(isExempt(checked, asked.action, mutation), explain(mutation, asked, before, after)).toBe(true);
    tally.exempt += 1;
  }
  for (const { kind, path, fields: entities } of mutationsOf(asked.entities)) {
    if (isInOpenAttribute(checked, path)) continue;
    const after = answerCounting(checked, facts, { ...asked, entities, digest: null }).outcome;
    tally.mutations += 1;
    if (RANKS[after.verdict] >= RANKS[before.verdict]) continue;
    const mutation = { kind, path, fields: entities };
    expect(isListedAttribute(checked, mutation), explain(mutation, asked, before, after)).toBe(true);
    tally.exempt += 1;
  }
}

/** `attributes.a` and below: maps and documents have members of their own, which fields of requests try. */
function isInOpenAttribute({ types }: Checked, path: string): boolean {
  const [, attribute] = path.split(".");
  const declared = [...types.entities.values()].flatMap(({ attributes }) => attributes);
  return declared.some(({ name, type }) => name === attribute && /json|map|record/.test(kindsOf(type)));
}

function kindsOf(type: Type): string {
  return "of" in type ? `${type.kind} ${kindsOf(type.of)}` : type.kind;
}

function isListedAttribute(checked: Checked, { kind, path }: Mutation): boolean {
  const attribute = path.replace(/^attributes\./, ".");
  const all = checked.rules.flatMap(({ absentOk }) => absentOk);
  return kind === "drop" && all.some((each) => each.path.endsWith(attribute));
}

/** Rules have spoken. What is refused before that is no request yet, and may be corrected in any way. */
function isJudged({ code }: Outcome): boolean {
  return code === "rule" || code === "no_rule" || code.startsWith("error.");
}

function isExempt(checked: Checked, action: string, { kind, path }: Mutation): boolean {
  const rules = checked.rules.filter(({ cases }) => cases.some((each) => each.action === action));
  const document = openAbove(checked, action, path, "json");
  if (document !== null) {
    // What is another value for a field is another document, which is as good as the first.
    const isListed = rules.some(({ absentOk }) => absentOk.some((each) => each.path === document));
    return isListed || kind === "retype" || kind === "recase";
  }
  const map = openAbove(checked, action, path, "map");
  if (map !== null && (kind === "drop" || kind === "recase")) {
    // An entry counts as its map; for what goes over entries it is a member like that of a list.
    const isListed = rules.some(({ absentOk }) => absentOk.some((each) => each.path.startsWith(map)));
    return (
      isListed || [...expressionsOf(checked)].some((each) => each.action === action && goesOver(each.expr))
    );
  }
  if (kind !== "drop") return false;
  return rules.some(({ absentOk }) => absentOk.some((each) => each.path === path));
}

/** The path of the map or document that this path leads through; null where it leads through none. */
function openAbove(checked: Checked, action: string, path: string, kind: "map" | "json"): string | null {
  const names = path.split(".");
  let fields: readonly Field[] = checked.actions.find(({ name }) => name === action)?.fields ?? [];
  for (const [at, name] of names.entries()) {
    let type = fields.find((field) => field.name === name)?.type;
    while (type !== undefined && "of" in type && type.kind !== kind) type = type.of;
    if (type?.kind === kind) return at < names.length - 1 ? names.slice(0, at + 1).join(".") : null;
    fields = type?.kind === "record" ? (checked.types.records.get(type.name) ?? []) : [];
  }
  return null;
}

function goesOver(expr: Expr): boolean {
  if (expr.kind === "quantifier" || expr.kind === "aggregate") return expr.over.type.kind === "map";
  if (expr.kind === "size") return expr.of.type.kind === "map";
  return expr.kind === "equal" && holdsMap(expr.left.type);
}

/** Records may have maps in them. */
function holdsMap(type: Type): boolean {
  return type.kind === "map" || type.kind === "record" || ("of" in type && holdsMap(type.of));
}

function explain({ kind, path, fields }: Mutation, asked: Asked, before: Outcome, after: Outcome): string {
  const text = JSON.stringify([asked.fields, fields], (_, value) =>
    typeof value === "bigint" ? `${value}n` : value,
  );
  return `${kind} ${path}: ${before.verdict} became ${after.verdict} by ${after.rules.join(", ")}; ${text}`;
}

describe("examples", () => {
  const folder = join(import.meta.dirname, "../../examples");
  const programs = readdirSync(folder).flatMap((name) =>
    ["policy.pol", "guard.pol"].flatMap((file) =>
      existsSync(join(folder, name, file)) ? [[name, file] as const] : [],
    ),
  );
  test.each(programs)("%s/%s", async (name, file) => {
    const read = (file: string) => readFileSync(join(folder, name, file), "utf8");
    const files = readdirSync(join(folder, name));
    const { checked } = await compileFile(join(folder, name, file), null);
    if (checked === null) throw new Error(`${name}/${file} has errors`);
    const lines = files.includes("requests.jsonl") ? read("requests.jsonl").trim().split("\n") : [];
    // Only requests need them; tests bring their own.
    const given = lines.length > 0 && files.includes("facts.json") ? read("facts.json") : null;
    const loaded = given === null ? null : loadFacts(checked, JSON.parse(given));
    if (loaded?.ok === false) throw new Error(loaded.refusal.message);
    const noFacts = loadFacts(checked, { entities: [] });
    const facts = loaded ?? (noFacts.ok ? noFacts : null);
    const tally = { mutations: 0, exempt: 0 };
    for (const line of lines) {
      if (!isRequest(line)) continue;
      const { action, fields, now, trust, entities } = JSON.parse(line) as Asked & {
        now: string;
        trust?: number;
      };
      const header = currentHeader(Date.parse(now), trust ?? 1_000);
      if (facts === null) throw new Error(`${name} has requests, and no facts for them`);
      tryMutations(checked, facts.facts, { action, fields, header, entities }, tally);
    }
    for (const each of checked.tests) {
      const own = loadFacts(checked, each.facts);
      if (!own.ok) throw new Error(own.refusal.message);
      const header = currentHeader(Number(each.header.nowMs), each.header.trust ?? 1_000);
      tryMutations(checked, own.facts, { action: each.action, fields: each.fields, header }, tally);
    }
    expect(tally.mutations).toBeGreaterThan(0);
  });
});

/** Some lines are there to show what is no request at all. */
function isRequest(line: string): boolean {
  try {
    const value = JSON.parse(line);
    return typeof value?.now === "string" && "fields" in value;
  } catch {
    return false;
  }
}

/** Everything is free and current. */
function currentHeader(now: number, trust: number): Header {
  const containment = { state: "free", readAt: now } as const;
  return { now, policyFrom: now, policyUntil: now, factsUntil: now, containment, trust, approvals: [] };
}

test("generated policies", () => {
  const seed = 20_261_122;
  const tally = { mutations: 0, exempt: 0 };
  for (let program = 0; program < 800; program += 1) {
    const { value: checked } = compile({
      file: "generated.pol",
      text: generateProgram(createRandom(seed, program)),
    });
    if (checked === null) continue;
    const facts = generateFacts(createRandom(seed, program, 1), checked);
    const loaded = loadFacts(checked, facts.json);
    if (!loaded.ok) continue;
    for (let n = 0; n < 10; n += 1) tryMutations(checked, loaded.facts, generateRequest(facts.source), tally);
  }
  expect(tally.mutations).toBeGreaterThan(10_000);
  expect(tally.exempt, "exempted pairs met").toBeGreaterThan(0);
}, 300_000);
