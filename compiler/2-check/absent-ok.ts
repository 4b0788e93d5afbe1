/** `@absent_ok(path, "why")`: which paths a rule says may loosen its answer. */
import type { Type } from "@polity/runtime/layout.ts";
import type { AbsentOk, Name, RuleDeclaration } from "../ast.ts";
import type { Expr } from "../checked.ts";
import { absentOkNeverAbsent, unknownAbsentOk } from "./messages-rules.ts";
import { unusedAbsentOk } from "./messages-warnings.ts";
import type { Scope } from "./scope.ts";
import { nearest } from "./suggest.ts";
import { isSized, plain } from "./types.ts";
import { attributeOf, attributesOf, type Fields, type World } from "./world.ts";

export interface Silence {
  /** Whether the rule says that this path may be absent; remembers that it was needed. */
  readonly covers: (path: string | null) => boolean;
  readonly used: ReadonlySet<string>;
}

export function silenceOf(rule: RuleDeclaration): Silence {
  const paths = new Set(rule.absentOk.map(dotted));
  const used = new Set<string>();
  const covers = (path: string | null): boolean => {
    if (path === null || !paths.has(path)) return false;
    used.add(path);
    return true;
  };
  return { covers, used };
}

export function dotted({ path }: AbsentOk): string {
  return path.map((name) => name.text).join(".");
}

/** The path that a value was reached by: members of a collection count as the collection they are in. */
export function originOf(expr: Expr, scope: Scope): string | null {
  if (expr.kind === "field") return expr.name;
  if (expr.kind === "proved" || expr.kind === "resolved" || expr.kind === "reference") {
    return originOf(expr.of, scope);
  }
  if (expr.kind === "lookup" || expr.kind === "rows") return expr.table;
  if (expr.kind === "coalesce") return originOf(expr.of, scope);
  if (expr.kind === "variable") {
    const over = scope.variables.overs.get(expr.id);
    return over === undefined ? null : originOf(over, scope);
  }
  if (expr.kind === "at" || expr.kind === "accessor") return originOf(expr.of, scope);
  if (expr.kind !== "attribute") return null;
  const of = originOf(expr.of, scope);
  // An entry of a map counts as the map.
  if (expr.of.type.kind === "entry") return of;
  return of === null ? null : `${of}.${expr.name}`;
}

/** Each path exists on some action of the rule and can be absent or empty there, and is named once. */
export function checkAbsentOk(rule: RuleDeclaration, actions: readonly string[], world: World): void {
  const tables: [string, Fields][] =
    rule.actions === null
      ? [["*", world.shared]]
      : actions.map((action) => [action, world.actions.get(action) ?? new Map()]);
  for (const one of rule.absentOk) {
    const types = tables.map(([, fields]) => typeOfPath(one.path, fields, world));
    if (types.some((type) => type === null)) continue;
    const known = types.filter((type) => typeof type === "object" && type !== null && "kind" in type);
    const first = types[0];
    if (known.length === 0) {
      if (first !== undefined && first !== null && "missing" in first) {
        world.report(unknownAbsentOk(first.missing.span, first.missing.text, first.suggestion));
      }
    } else if (!known.some(mayBeAbsent)) {
      const span = spanOf(one);
      world.report(
        absentOkNeverAbsent(
          span,
          dotted(one),
          tables.map(([action]) => action),
        ),
      );
    }
  }
}

/** Absent, empty, or the name of somebody who is not there. */
function mayBeAbsent(type: Type): boolean {
  return type.kind === "optional" || type.kind === "ref" || type.kind === "json" || isSized(type);
}

export function warnUnused(rule: RuleDeclaration, silence: Silence, world: World): void {
  const seen = new Set<string>();
  for (const one of rule.absentOk) {
    const path = dotted(one);
    if (!silence.used.has(path) || seen.has(path)) world.report(unusedAbsentOk(spanOf(one), path));
    seen.add(path);
  }
}

function spanOf({ path, span }: AbsentOk): AbsentOk["span"] {
  const [first, last] = [path[0], path.at(-1)];
  return first === undefined || last === undefined ? span : { start: first.span.start, end: last.span.end };
}

/** A table may have no row at all. */
const ROWS: Type = { kind: "list", of: { kind: "bool" }, min: 0, max: 1 };

interface Missing {
  readonly missing: Name;
  readonly suggestion: string | null;
}

/** The type at the end of a path; null where a declaration on the way was wrong. */
function typeOfPath(path: readonly Name[], fields: Fields, world: World): Type | Missing | null {
  const [first, ...rest] = path;
  if (first === undefined) return null;
  const isTable = world.types.tables?.some(({ name }) => name === first.text) === true;
  if (isTable && rest.length === 0) return ROWS;
  let type = isTable ? ({ kind: "record", name: first.text } as const) : fields.get(first.text);
  if (type === undefined) return { missing: first, suggestion: nearest(first.text, fields.keys()) };
  for (const name of rest) {
    if (type === null) return null;
    let holder = plain(type);
    if (isSized(holder)) holder = holder.of;
    const names = attributesOf(holder, world)?.keys() ?? [];
    type = attributeOf(holder, name.text, world);
    if (type === undefined) return { missing: name, suggestion: nearest(name.text, names) };
  }
  return type;
}
