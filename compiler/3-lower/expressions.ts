/** Expressions: values become machine values, paths become addresses. */
import { slotBytes, type Type } from "@polity/runtime/layout.ts";
import type { Expr } from "../checked.ts";
import { unreachable } from "../diagnostic.ts";
import type { IrExpr, IrQuantifier } from "../ir.ts";
import { automatonLiteral } from "./automata.ts";
import { lowerAccessor } from "./documents.ts";
import { within } from "./families.ts";
import { collectionLiteral, entityLiteral, textLiteral } from "./literals.ts";
import { lowerLocal } from "./local.ts";
import { arithmetic, call, heldAs, isText, memberBits, not, readAt, unless } from "./machine.ts";
import { partFunction, partOf } from "./parts.ts";
import { equalityOf, type Scope } from "./scope.ts";
import { variablesIn } from "./variables.ts";

export function lowerValue(expr: Expr, scope: Scope): IrExpr {
  switch (expr.kind) {
    case "literal":
      return lowerLiteral(expr, scope);
    case "field":
    case "setting":
    case "variable":
    case "attribute":
    case "at":
    case "accessor":
    case "proved":
      return readAt(expr.type, lowerSlot(expr, scope));
    case "exists":
      return call("exists", ...named(expr.of, scope));
    case "resolved":
      return call("entityNamed", ...named(expr.of, scope));
    case "reference":
    case "lookup":
    case "rows":
      return lowerSlot(expr, scope);
    case "coalesce":
      return lowerCoalesce(expr, scope);
    case "age":
      return call("age", lowerValue(expr.of, scope));
    case "local":
      return lowerLocal(expr, lowerValue(expr.of, scope), scope.literals);
    case "choose":
      return lowerChoice(expr, lowerValue, scope);
    case "now":
    case "trust":
      return call(expr.kind);
    case "presence":
      return lowerPresence(expr, scope);
    case "not":
      return not(lowerValue(expr.of, scope));
    case "and":
    case "or":
      return {
        kind: "operator",
        op: expr.kind === "and" ? "&&" : "||",
        left: lowerValue(expr.left, scope),
        right: lowerValue(expr.right, scope),
      };
    case "equal":
      return lowerEqual(expr, scope);
    case "order":
      return lowerOrder(expr, scope);
    case "arithmetic":
      return arithmetic(expr, lowerValue(expr.left, scope), lowerValue(expr.right, scope));
    case "negate": {
      const of = lowerValue(expr.of, scope);
      return expr.mayOverflow ? call("negate", of) : { kind: "minus", of };
    }
    case "member":
    case "between":
    case "below":
    case "below_any":
    case "text_test":
    case "pattern_test":
    case "path_within":
    case "host_within":
    case "covered":
    case "quantifier":
    case "aggregate":
    case "sets":
      return lowerTest(expr, scope);
    case "size":
      return call("countMembers", lowerSlot(expr.of, scope));
    default:
      return unreachable(expr);
  }
}

function lowerOrder({ op, left, right }: Extract<Expr, { kind: "order" }>, scope: Scope): IrExpr {
  return { kind: "operator", op, left: lowerRank(left, scope), right: lowerRank(right, scope) };
}

/** A number or time, or the place of a member among the members of an ordered enum. */
function lowerRank(expr: Expr, scope: Scope): IrExpr {
  const value = lowerValue(expr, scope);
  return expr.type.kind === "enum" ? call("rank", value) : value;
}

/** The number of the entity type and the slot of the id that a reference holds. */
function named(of: Expr, scope: Scope): readonly IrExpr[] {
  if (of.type.kind !== "ref") throw new Error(`a ${of.type.kind} refers to nothing`);
  const { name } = of.type;
  return [{ kind: "enum", member: scope.literals.entityTypes.get(name) ?? 0, name }, lowerSlot(of, scope)];
}

type Test = Extract<
  Expr,
  {
    kind:
      | "member"
      | "between"
      | "below"
      | "below_any"
      | "text_test"
      | "pattern_test"
      | "path_within"
      | "host_within"
      | "covered"
      | "quantifier"
      | "aggregate"
      | "sets";
  }
>;

const TEXT_TESTS = {
  starts_with: "startsWith",
  ends_with: "endsWith",
  like: "like",
  contains: "containsText",
} as const;

/** Only what comes with a request is ever below such. */
function isCarried({ type }: Expr, { types }: Scope): boolean {
  return type.kind === "entity" && types.entities.get(type.name)?.fromRequest === true;
}

function lowerTest(expr: Test, scope: Scope): IrExpr {
  switch (expr.kind) {
    case "member":
      return unless(expr.negated, lowerMember(expr, scope));
    case "between": {
      const parts = [expr.of, expr.from, expr.to].map((part) => lowerRank(part, scope));
      return unless(expr.negated, call("between", ...parts));
    }
    case "below":
      return unless(
        expr.negated,
        call(
          isCarried(expr.of, scope) ? "carriedBelow" : "below",
          lowerValue(expr.of, scope),
          lowerValue(expr.group, scope),
        ),
      );
    case "below_any":
      return unless(
        expr.negated,
        call(
          isCarried(expr.of, scope)
            ? "carriedBelowAny"
            : expr.groups.type.kind === "set"
              ? "belowSet"
              : "belowAny",
          lowerValue(expr.of, scope),
          lowerSlot(expr.groups, scope),
        ),
      );
    case "text_test":
      return call(TEXT_TESTS[expr.op], lowerSlot(expr.of, scope), lowerSlot(expr.pattern, scope));
    case "pattern_test": {
      const index = automatonLiteral(scope.literals, expr, scope.simd);
      return call("takes", lowerSlot(expr.of, scope), { kind: "literal", index });
    }
    case "path_within":
      return call("pathWithin", lowerSlot(expr.of, scope), lowerSlot(expr.base, scope));
    case "host_within":
      return call("hostWithin", lowerSlot(expr.of, scope), lowerSlot(expr.base, scope));
    case "covered":
      return unless(expr.negated, lowerCovered(expr, scope));
    case "quantifier":
    case "aggregate":
      return lowerQuantifier(expr, scope);
    case "sets":
      return lowerSets(expr, scope);
    default:
      return unreachable(expr);
  }
}

/** The address of an optional's slots. */
export function lowerRaw(expr: Expr, scope: Scope): IrExpr {
  return lowerSlot(expr, scope);
}

/** The address of the slot in which the value of `expr` stands. */
function lowerSlot(expr: Expr, scope: Scope): IrExpr {
  if (expr.kind === "field") return { kind: "field", action: scope.action, name: expr.name };
  if (expr.kind === "variable") return { kind: "variable", id: expr.id };
  if (expr.kind === "setting") return { kind: "setting", name: expr.name };
  if (expr.kind === "attribute") return lowerAttribute(expr, scope);
  if (expr.kind === "accessor") return lowerAccessor(expr, lowerSlot(expr.of, scope), scope);
  if (expr.kind === "at") return lowerEntry(expr, scope);
  if (expr.kind === "lookup") return foundBy("lookup", expr.table, expr.keys, scope);
  if (expr.kind === "rows") return foundBy("rows", expr.table, expr.prefix, scope);
  // A row has no slot that says whether it is there.
  if (expr.kind === "proved" && expr.of.kind === "lookup") return lowerSlot(expr.of, scope);
  if (expr.kind === "proved") return call("inside", lowerSlot(expr.of, scope));
  if (expr.kind === "coalesce") {
    const [of, otherwise] = [lowerSlot(expr.of, scope), lowerSlot(expr.otherwise, scope)];
    if (!expr.otherwise.mayErr) return call("insideOr", of, otherwise);
    // An error may be met only where the default is wanted.
    return { kind: "choose", condition: call("present", of), value: call("inside", of), otherwise };
  }
  if (expr.kind === "choose") return lowerChoice(expr, lowerSlot, scope);
  if (expr.kind === "literal") return lowerLiteral(expr, scope);
  // An entity's record begins with the slot of its id.
  if (expr.kind === "reference") return lowerValue(expr.of, scope);
  throw new Error(`no slot holds a ${expr.kind}`);
}

function lowerChoice(
  { condition, value, otherwise }: Extract<Expr, { kind: "choose" }>,
  lowerPart: (part: Expr, scope: Scope) => IrExpr,
  scope: Scope,
): IrExpr {
  return {
    kind: "choose",
    condition: lowerValue(condition, scope),
    value: lowerPart(value, scope),
    otherwise: lowerPart(otherwise, scope),
  };
}

function lowerEntry({ of, key }: Extract<Expr, { kind: "at" }>, scope: Scope): IrExpr {
  if (of.type.kind !== "map") throw new Error(`a ${of.type.kind} has no entries`);
  const stride = BigInt(slotBytes({ kind: "entry", of: of.type.of }, scope.types));
  return call("entryOf", lowerSlot(of, scope), lowerSlot(key, scope), { kind: "number", value: stride });
}

function lowerAttribute(expr: Extract<Expr, { kind: "attribute" }>, scope: Scope): IrExpr {
  const owner = expr.of.type;
  if (owner.kind === "ref" && expr.name === "id") return lowerSlot(expr.of, scope);
  if (owner.kind === "shaped" || owner.kind === "path") {
    const name = partFunction(owner.kind === "path" ? "path" : owner.shape, expr.name);
    return partOf(scope, name, lowerSlot(expr.of, scope), expr.type);
  }
  // An entry is its key and, behind it, its value.
  if (owner.kind === "entry") {
    const entry = lowerSlot(expr.of, scope);
    return expr.name === "key" ? entry : call("inside", entry);
  }
  if (owner.kind !== "entity" && owner.kind !== "record") throw new Error(`attribute of a ${owner.kind}`);
  const of = owner.kind === "entity" ? lowerValue(expr.of, scope) : lowerSlot(expr.of, scope);
  return { kind: "offset", of, owner: owner.kind, struct: owner.name, name: expr.name };
}

function lowerCoalesce(expr: Extract<Expr, { kind: "coalesce" }>, scope: Scope): IrExpr {
  if (expr.of.kind === "aggregate") {
    const size = call("countMembers", lowerSlot(expr.of.over, scope));
    return {
      kind: "choose",
      condition: { kind: "operator", op: "!=", left: size, right: { kind: "number", value: 0n } },
      value: lowerQuantifier(expr.of, scope),
      otherwise: lowerValue(expr.otherwise, scope),
    };
  }
  if (heldAs(expr.type) === "slot") return lowerSlot(expr, scope);
  const of = lowerSlot(expr.of, scope);
  return {
    kind: "choose",
    condition: call("present", of),
    value: readAt(expr.type, call("inside", of)),
    otherwise: lowerValue(expr.otherwise, scope),
  };
}

function lowerLiteral(expr: Extract<Expr, { kind: "literal" }>, scope: Scope): IrExpr {
  const column = scope.columns?.get(expr);
  if (column !== undefined) return column;
  const { type, value } = expr;
  if (typeof value === "boolean") return { kind: "bool", value };
  if (typeof value === "bigint") return { kind: "number", value };
  if (typeof value === "string") return { kind: "literal", index: textLiteral(scope.literals, value) };
  if (type.kind === "enum" && typeof value === "object" && "member" in value) {
    const name = scope.types.enums.get(type.name)?.[value.member] ?? "";
    return { kind: "enum", member: value.member, name: `${type.name}.${name}` };
  }
  if ((type.kind === "list" || type.kind === "set") && Array.isArray(value)) {
    return { kind: "literal", index: collectionLiteral(scope.literals, type, value) };
  }
  if (typeof value === "object" && "id" in value && "type" in value) {
    return call("entityAt", { kind: "literal", index: entityLiteral(scope.literals, value) });
  }
  throw new Error(`no literal of type ${type.kind}`);
}

function lowerCovered(expr: Extract<Expr, { kind: "covered" }>, scope: Scope): IrExpr {
  const [of, by] = [lowerSlot(expr.of, scope), lowerSlot(expr.by, scope)];
  const isAddress = expr.of.type.kind === "shaped" && expr.of.type.shape === "ip";
  const isMany = expr.by.type.kind === "list" || expr.by.type.kind === "set";
  if (isAddress) return call(isMany ? "ipInAny" : "ipIn", of, by);
  return call(isMany ? "hostFitsAny" : "hostFits", of, by);
}

function lowerEqual(expr: Extract<Expr, { kind: "equal" }>, scope: Scope): IrExpr {
  const { type } = expr.left;
  if (heldAs(type) !== "slot") {
    const op = expr.negated ? "!=" : "==";
    return { kind: "operator", op, left: lowerValue(expr.left, scope), right: lowerValue(expr.right, scope) };
  }
  const left = lowerSlot(expr.left, scope);
  const right = lowerSlot(expr.right, scope);
  if (isText(type)) return unless(expr.negated, call("textEqual", left, right));
  return unless(expr.negated, { kind: "equality", index: equalityOf(scope, type), left, right });
}

/** A row that is not there has no address; everything else has a slot that says whether it is. */
function lowerPresence({ of, present }: Extract<Expr, { kind: "presence" }>, scope: Scope): IrExpr {
  const slot = lowerSlot(of, scope);
  if (of.kind !== "lookup") return unless(!present, call("present", slot));
  return { kind: "operator", op: present ? "!=" : "==", left: slot, right: { kind: "number", value: 0n } };
}

function foundBy(kind: "lookup" | "rows", name: string, keys: readonly Expr[], scope: Scope): IrExpr {
  const table = (scope.types.tables ?? []).findIndex((one) => one.name === name);
  return { kind, table, keys: keys.map((key) => lowerValue(key, scope)) };
}

const SEARCHES = { number: "hasNumber", bool: "hasBool", enum: "hasEnum", entity: "hasEntity" } as const;

function lowerMember(expr: Extract<Expr, { kind: "member" }>, scope: Scope): IrExpr {
  const { type } = expr.of;
  const held = heldAs(type);
  const bits = held === "enum" && expr.within.kind === "literal" ? memberBits(expr.within.value) : null;
  if (bits !== null) {
    const members = scope.columns?.get(expr.within) ?? { kind: "bits", value: bits };
    return call("oneOf", lowerValue(expr.of, scope), members);
  }
  const within = lowerSlot(expr.within, scope);
  if (held === "entity" && expr.within.type.kind === "set") {
    return call("holdsEntity", within, lowerValue(expr.of, scope));
  }
  if (held !== "slot") return call(SEARCHES[held], within, lowerValue(expr.of, scope));
  const of = lowerSlot(expr.of, scope);
  if (isText(type)) return call("hasText", within, of);
  return { kind: "search", index: equalityOf(scope, type), within, of };
}

/** Members ascend on both sides, so that one walk through both is enough. */
function lowerSets(expr: Extract<Expr, { kind: "sets" }>, scope: Scope): IrExpr {
  const { type } = expr.left;
  const isText = type.kind === "set" && heldAs(type.of) === "slot";
  const sides = [lowerSlot(expr.left, scope), lowerSlot(expr.right, scope)];
  if (expr.op === "subset_of") return call(isText ? "textsWithin" : "wordsWithin", ...sides);
  return unless(expr.op === "disjoint_from", call(isText ? "textsMeet" : "wordsMeet", ...sides));
}

function lowerQuantifier(expr: Extract<Expr, { kind: "quantifier" | "aggregate" }>, scope: Scope): IrExpr {
  const mayOverflow = expr.kind === "aggregate" && expr.mayOverflow;
  return gatherQuantifier(expr, expr.op, mayOverflow, scope);
}

/** The address of the first member for which the body holds, or 0. */
export function lowerFirst(search: Search, scope: Scope): IrExpr {
  return gatherQuantifier(search, "first", false, scope);
}

export interface Search {
  readonly variable: string;
  readonly id: number;
  readonly over: Expr;
  readonly body: Expr;
}

function gatherQuantifier(
  { variable, id, over, body: node }: Search,
  op: IrQuantifier["op"],
  mayOverflow: boolean,
  scope: Scope,
): IrExpr {
  const { type } = over;
  if (type.kind !== "list" && type.kind !== "set" && type.kind !== "map") {
    throw new Error("quantifier over no collection");
  }
  const lowered = lowerSlot(over, scope);
  const index = scope.quantifiers.push(null) - 1;
  const body = lowerValue(node, scope);
  const captures = [...variablesIn(node, new Set())]
    .filter((captured) => captured !== id)
    .sort((x, y) => x - y);
  const member: Type = type.kind === "map" ? { kind: "entry", of: type.of } : type.of;
  const strideBytes = slotBytes(member, scope.types);
  const mayErr = node.mayErr || mayOverflow;
  const readsRow = scope.columns !== null && [...within(node)].some((part) => scope.columns?.has(part));
  scope.quantifiers[index] = { op, id, variable, captures, strideBytes, body, mayOverflow, mayErr, readsRow };
  return { kind: "quantifier", index, over: lowered, captures, readsRow };
}
