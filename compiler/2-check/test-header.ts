/** What a test may say of the header: `now`, `trust`, `containment`. */
import { TRUST_MAX } from "@polity/runtime/layout.ts";
import type { TestField } from "../ast.ts";
import type { TestHeader } from "../checked.ts";
import { wrongTestValue } from "./messages-tests.ts";
import type { World } from "./world.ts";

export const HEADER_NAMES: readonly string[] = ["now", "trust", "containment"];

const CONTAINMENTS = ["free", "quarantined", "terminated"] as const;

/** Reports a value that the header cannot have. */
export function isHeaderField({ name, value }: TestField, world: World): boolean {
  if (value.kind === "absent") return true;
  const expr = value.kind === "expr" ? value.expr : null;
  if (expr?.kind === "missing") return false;
  const span = expr?.span ?? (value.kind === "expr" ? name.span : value.span);
  if (name.text === "now") {
    if (expr?.kind === "timestamp") return true;
    world.report(wrongTestValue(span, "now", "timestamp", "something else"));
  } else if (name.text === "trust") {
    if (expr?.kind === "int" && expr.value <= TRUST_MAX) return true;
    world.report(wrongTestValue(span, "trust", "int 0..1000", "something else"));
  } else {
    if (expr?.kind === "name" && containment(expr.name) !== undefined) return true;
    world.report(wrongTestValue(span, "containment", CONTAINMENTS.join(", "), "something else"));
  }
  return false;
}

/** From fields that were checked; a test that says nothing is about a free subject. */
export function headerOf(
  fields: ReadonlyMap<string, TestField>,
  nowMs: bigint,
): Omit<TestHeader, "approvals"> {
  const now = constant(fields.get("now"));
  const trust = constant(fields.get("trust"));
  const state = constant(fields.get("containment"));
  return {
    nowMs: now?.kind === "timestamp" ? now.ms : nowMs,
    trust: trust?.kind === "int" ? Number(trust.value) : null,
    containment: (state?.kind === "name" ? containment(state.name) : undefined) ?? "free",
  };
}

function constant(field: TestField | undefined) {
  return field?.value.kind === "expr" ? field.value.expr : null;
}

function containment(name: string): (typeof CONTAINMENTS)[number] | undefined {
  return CONTAINMENTS.find((state) => state === name);
}
