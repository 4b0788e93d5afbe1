/** The second phase: from a program as written to one that means something, or to what is wrong with it. */
import type { Field } from "@polity/runtime/layout.ts";
import type { Program, RuleDeclaration } from "../ast.ts";
import type { Action, Case, Checked, Obligation, Rule } from "../checked.ts";
import { type Diagnostic, hasErrors, type Phase, sortDiagnostics } from "../diagnostic.ts";
import { fileAt, type Source, type Span } from "../source.ts";
import { declare, known } from "./declarations.ts";
import { define } from "./definitions.ts";
import { checkVisibility, warnUnusedImports } from "./files.ts";
import { checkHeader } from "./header.ts";
import { limitObliges } from "./obligations.ts";
import { byName } from "./order.ts";
import { checkProofs } from "./proofs.ts";
import { checkSources, sourcesOf, warnAgentsWord } from "./provenance.ts";
import { type Reads, readsOf } from "./reads.ts";
import { checkRules, type RuleResult } from "./rules.ts";
import { unwrapped } from "./spans.ts";
import { checkTests } from "./tests.ts";
import { holdsRef, needsDoor } from "./types.ts";
import { checkProgram } from "./warnings.ts";
import type { World } from "./world.ts";

/** 2026-01-01T00:00:00Z: some time, the same for every run, where neither test nor policy says one. */
const NOW_DEFAULT_MS = 1_767_225_600_000n;

/**
 * The value is null exactly when the program has errors, those reported here and those that the parser
 * reported where it left a gap (no header, an expression that it could not read), or begins with a module.
 */
export function check(source: Source, program: Program): Phase<Checked | null> {
  const diagnostics: Diagnostic[] = [];
  const declared = declare(source, program, (diagnostic) => {
    const span = unwrapped(source.text, diagnostic.span);
    // What an imported file has too much of is said where that file is checked.
    if (diagnostic.severity === "warning" && fileAt(source, span.start).start > 0) return;
    diagnostics.push({ ...diagnostic, span });
  });
  const world = define(program, declared);
  const uses = checkVisibility(source, program, world.report);
  const header = checkHeader(program, world.report);
  const rules = checkRules(
    program.declarations.filter((d): d is RuleDeclaration => d.kind === "rule"),
    world,
  );
  const whole = wholeRules(rules);
  if (whole !== null) limitObliges(whole, world);
  const read = rules.flatMap(withOthers);
  const reads = whole === null ? null : readsOf(read);
  const tests = checkTests(
    program.declarations.filter((d) => d.kind === "test" || d.kind === "grid"),
    { world, rules, nowMs: header.valid?.fromMs ?? NOW_DEFAULT_MS, entities: reads?.entities ?? [] },
  );
  checkProofs(
    program.declarations.filter((d) => d.kind === "prove"),
    world,
  );
  checkSources(program, world.report);
  if (!hasErrors(diagnostics)) {
    checkProgram(program, rules, world);
    warnAgentsWord(whole ?? [], sourcesOf(program), world.report);
    warnUnusedImports(source, program, uses, world.report);
  }
  const sorted = sortDiagnostics(diagnostics);
  const { kind, policy } = header;
  const isSound = !hasErrors(sorted) && kind !== null && policy !== null;
  if (!isSound || whole === null || reads === null || tests === null) {
    return { value: null, diagnostics: sorted };
  }
  const value: Checked = {
    source,
    kind,
    policy,
    valid: header.valid,
    containmentAgeMs: header.containmentAgeMs,
    types: world.types,
    subject: world.subject,
    actions: actionsOf(program, world, reads, read.some(hasApproval)),
    others: othersOf(rules, world, read.some(hasApproval)),
    obligations: obligationsOf(world),
    rules: whole,
    readsTrust: reads.trust,
    readsZones: reads.zones,
    entityLiterals: reads.entities,
    tests,
  };
  return { value, diagnostics: sorted };
}

/** With what a rule says of actions that are not declared here: where there are none, that is all it says. */
function withOthers({ rule, others }: RuleResult): readonly Rule[] {
  if (rule === null) return [];
  return [others === null ? rule : { ...rule, cases: [...rule.cases, others] }];
}

function wholeRules(results: readonly RuleResult[]): readonly Rule[] | null {
  const rules: Rule[] = [];
  for (const { rule } of results) {
    if (rule === null) return null;
    rules.push(rule);
  }
  return rules.sort(byName);
}

function obligationsOf({ obligations }: World): readonly Obligation[] {
  return [...obligations].map(([name, { phase, parameters }]) => {
    return { name, phase, parameters: known(parameters) };
  });
}

function hasApproval({ cases }: Rule): boolean {
  return cases.some(({ approval }) => approval !== null);
}

/** The shared fields, and what rules on all actions say of them alone. */
function othersOf(results: readonly RuleResult[], world: World, hasApprovals: boolean): Checked["others"] {
  const cases = new Map<string, Case>();
  const rules: Rule[] = [];
  for (const { rule, others } of results) {
    if (rule === null || others === null) continue;
    cases.set(rule.name, others);
    rules.push({ ...rule, cases: [others] });
  }
  if (cases.size === 0) return null;
  const read = readsOf(rules).fields.get("*");
  const fields = known(world.shared).map((field) => {
    return { ...field, read: isRead(field, read, world, hasApprovals) };
  });
  return { action: { name: "*", span: { start: 0, end: 0 }, fields }, cases };
}

function actionsOf(program: Program, world: World, reads: Reads, hasApprovals: boolean): readonly Action[] {
  const spans = new Map<string, Span>();
  for (const declaration of program.declarations) {
    if (declaration.kind === "action") spans.set(declaration.name.text, declaration.name.span);
  }
  const sources = sourcesOf(program);
  const actions: Action[] = [];
  for (const [name, declared] of world.actions) {
    const read = reads.fields.get(name);
    const fields = known(declared).map((field) => {
      const from = sources(name, field.name);
      return {
        ...field,
        read: isRead(field, read, world, hasApprovals),
        ...(from !== null && { from }),
      };
    });
    const span = spans.get(name);
    if (span !== undefined) actions.push({ name, span, fields });
  }
  return actions.sort(byName);
}

/** Who is named anywhere in a request cannot approve it: with approvals every reference is in the frame. */
function isRead(
  field: Field,
  read: ReadonlySet<string> | undefined,
  { types }: World,
  hasApprovals: boolean,
): boolean {
  return (
    read?.has(field.name) === true ||
    needsDoor(field.type, types) ||
    (hasApprovals && holdsRef(field.type, types))
  );
}
