/**
 * How long an answer lasts if nothing but time passes: each comparison that depends on `now` becomes one that
 * says when it can turn out otherwise. What a policy without `now` does stays as it is.
 */
import { unreachable } from "../diagnostic.ts";
import type { Ir, IrAction, IrArgument, IrExpr, IrQuantifier, IrRule, LibraryFunction } from "../ir.ts";
import type { IrFamily } from "../ir-families.ts";
import { call, not } from "./machine.ts";

/** By how much a number falls or rises at most in a millisecond in which nothing else happens. */
interface Slope {
  readonly falls: bigint;
  readonly rises: bigint;
}

interface Timed {
  readonly expr: IrExpr;
  readonly slope: Slope;
}

const STILL: Slope = { falls: 0n, rises: 0n };
/** As `now` itself. */
const RUNNING: Slope = { falls: 0n, rises: 1n };
/** More than that is not followed: the number counts as one that may be another in a millisecond. */
const SLOPE_MAX = 64n;

/** The slopes of quantifiers, by their numbers. */
type Slopes = readonly (Slope | undefined)[];

export function withLasts(ir: Ir): Ir {
  const slopes: (Slope | undefined)[] = [];
  const quantifiers = [...ir.quantifiers];
  // A body only calls those with a higher number.
  for (let index = quantifiers.length - 1; index >= 0; index -= 1) {
    const { quantifier, slope } = ofQuantifier(quantifiers[index]!, slopes);
    quantifiers[index] = quantifier;
    slopes[index] = slope;
  }
  const actions = ir.actions.map((action) => ofAction(action, slopes));
  const isChanged =
    actions.some((action, at) => action !== ir.actions[at]) ||
    quantifiers.some((quantifier, at) => quantifier !== ir.quantifiers[at]);
  return { ...ir, quantifiers, actions, hasLasts: isChanged || ir.hasApprovals };
}

function ofQuantifier(quantifier: IrQuantifier, slopes: Slopes) {
  const timed = follow(quantifier.body, slopes);
  const { op } = quantifier;
  const isExtreme = op === "min" || op === "max";
  const body = isExtreme ? timed.expr : settled(timed);
  const slope = isExtreme ? timed.slope : STILL;
  return { quantifier: body === quantifier.body ? quantifier : { ...quantifier, body }, slope };
}

function ofAction(action: IrAction, slopes: Slopes): IrAction {
  const rules = sameOr(action.rules, (rule) => ofRule(rule, slopes));
  const subjects = sameOr(action.subjects, (subject) => {
    const value = settled(follow(subject.value, slopes));
    return value === subject.value ? subject : { ...subject, value };
  });
  const families = sameOr(action.families, (family) => ofFamily(family, slopes));
  const isSame = rules === action.rules && subjects === action.subjects && families === action.families;
  return isSame ? action : { ...action, rules, subjects, families };
}

/** What rules say to people, and the members that they name, are no part of the answer. */
function ofRule(rule: IrRule, slopes: Slopes): IrRule {
  const condition = settled(follow(rule.condition, slopes));
  const obliges = sameOr(rule.obliges, (oblige) => {
    const args = sameOr(oblige.args, (argument) => ofArgument(argument, slopes));
    return args === oblige.args ? oblige : { ...oblige, args };
  });
  const isSame = condition === rule.condition && obliges === rule.obliges;
  return isSame ? rule : { ...rule, condition, obliges };
}

function ofArgument(argument: IrArgument, slopes: Slopes): IrArgument {
  const value = argument.value === null ? null : settled(follow(argument.value, slopes));
  const isThere = argument.isThere === null ? null : settled(follow(argument.isThere, slopes));
  const isSame = value === argument.value && isThere === argument.isThere;
  return isSame ? argument : { ...argument, value, isThere };
}

function ofFamily(family: IrFamily, slopes: Slopes): IrFamily {
  const first = ofRule(family.first, slopes);
  const guard = family.guard === null ? null : settled(follow(family.guard, slopes));
  const test = family.order === null ? null : settled(follow(family.order.test, slopes));
  const order = family.order === null || test === null ? null : { ...family.order, test };
  const isSame = first === family.first && guard === family.guard && test === (family.order?.test ?? null);
  return isSame ? family : { ...family, first, guard, order };
}

/** The list itself where nothing in it is another. */
function sameOr<T>(list: readonly T[], of: (one: T) => T): readonly T[] {
  const all = list.map(of);
  return all.some((one, at) => one !== list[at]) ? all : list;
}

// ---- expressions

/** The value as one that time does not change before it is asked again. */
function settled({ expr, slope }: Timed): IrExpr {
  return isStill(slope) ? expr : call("lastsNow", expr);
}

function isStill({ falls, rises }: Slope): boolean {
  return falls === 0n && rises === 0n;
}

function follow(expr: IrExpr, slopes: Slopes): Timed {
  switch (expr.kind) {
    case "bool":
    case "number":
    case "enum":
    case "bits":
    case "literal":
    case "cell":
    case "setting":
    case "field":
    case "variable":
    case "part":
    case "column":
      return still(expr);
    case "offset":
      return still(remade(expr, [expr.of], slopes, ([of]) => ({ ...expr, of: of! })));
    case "equality":
      return still(
        remade(expr, [expr.left, expr.right], slopes, ([left, right]) => {
          return { ...expr, left: left!, right: right! };
        }),
      );
    case "search":
      return still(
        remade(expr, [expr.within, expr.of], slopes, ([within, of]) => {
          return { ...expr, within: within!, of: of! };
        }),
      );
    case "quantifier": {
      const over = remade(expr, [expr.over], slopes, ([one]) => ({ ...expr, over: one! }));
      return { expr: over, slope: slopes[expr.index] ?? STILL };
    }
    case "lookup":
    case "rows":
      return still(remade(expr, expr.keys, slopes, (keys) => ({ ...expr, keys })));
    case "not":
      return still(remade(expr, [expr.of], slopes, ([of]) => not(of!)));
    case "minus": {
      const { expr: of, slope } = follow(expr.of, slopes);
      return { expr: of === expr.of ? expr : { ...expr, of }, slope: turned(slope) };
    }
    case "choose":
      return ofChoice(expr, slopes);
    case "operator":
      return ofOperator(expr, slopes);
    case "call":
      return ofCall(expr, slopes);
    default:
      return unreachable(expr);
  }
}

function still(expr: IrExpr): Timed {
  return { expr, slope: STILL };
}

function remade(
  expr: IrExpr,
  parts: readonly IrExpr[],
  slopes: Slopes,
  make: (parts: readonly IrExpr[]) => IrExpr,
): IrExpr {
  const made = sameOr(parts, (part) => settled(follow(part, slopes)));
  return made === parts ? expr : make(made);
}

function ofChoice(expr: Extract<IrExpr, { kind: "choose" }>, slopes: Slopes): Timed {
  const condition = settled(follow(expr.condition, slopes));
  const value = follow(expr.value, slopes);
  const otherwise = follow(expr.otherwise, slopes);
  const isSame =
    condition === expr.condition && value.expr === expr.value && otherwise.expr === expr.otherwise;
  return {
    expr: isSame ? expr : { ...expr, condition, value: value.expr, otherwise: otherwise.expr },
    slope: either(value.slope, otherwise.slope),
  };
}

function ofOperator(expr: Extract<IrExpr, { kind: "operator" }>, slopes: Slopes): Timed {
  const left = follow(expr.left, slopes);
  const right = follow(expr.right, slopes);
  const sides = { left: left.expr, right: right.expr };
  const isSame = left.expr === expr.left && right.expr === expr.right;
  const plain = isSame ? expr : { ...expr, ...sides };
  if (isStill(left.slope) && isStill(right.slope)) return still(plain);
  const difference = together(left.slope, turned(right.slope));
  const [falls, rises] = [difference.falls, difference.rises].map(numberOf);
  const compare = (to: LibraryFunction) => call(to, left.expr, right.expr, falls!, rises!);
  const swapped = (to: LibraryFunction) => call(to, right.expr, left.expr, rises!, falls!);
  switch (expr.op) {
    case "<":
      return still(compare("lastsLess"));
    case "<=":
      return still(compare("lastsAtMost"));
    case ">":
      return still(swapped("lastsLess"));
    case ">=":
      return still(swapped("lastsAtMost"));
    case "==":
      return still(compare("lastsEqual"));
    case "!=":
      return still(not(compare("lastsEqual")));
    case "+":
      return bounded({ expr: plain, slope: together(left.slope, right.slope) });
    case "-":
      return bounded({ expr: plain, slope: difference });
    case "*":
    case "/":
    case "%":
      return still({ ...expr, left: settled(left), right: settled(right) });
    case "&&":
    case "||":
      throw new Error("a condition is no number");
    default:
      return unreachable(expr.op);
  }
}

/** Units of local times, in milliseconds. */
const UNITS: ReadonlyMap<LibraryFunction, bigint> = new Map([
  ["localYear", 86_400_000n],
  ["localMonth", 86_400_000n],
  ["localDay", 86_400_000n],
  ["localWeekday", 86_400_000n],
  ["localHour", 3_600_000n],
  ["localMinute", 60_000n],
  ["localSecond", 1_000n],
]);

function ofCall(expr: Extract<IrExpr, { kind: "call" }>, slopes: Slopes): Timed {
  const { to, args } = expr;
  if (to === "now") return { expr, slope: RUNNING };
  const unit = UNITS.get(to);
  if (unit !== undefined) return still(ofLocal(expr, unit, slopes));
  const parts = args.map((arg) => follow(arg, slopes));
  const [first, second] = parts.map(({ slope }) => slope);
  const exprs = parts.map((part) => part.expr);
  if (to === "age") {
    const { falls, rises } = together(first!, turned(RUNNING));
    const slope = together(RUNNING, turned(first!));
    return bounded({ expr: call("lastsAge", ...exprs, numberOf(falls), numberOf(rises)), slope });
  }
  if (parts.every(({ slope }) => isStill(slope))) {
    return still(exprs.every((one, at) => one === args[at]) ? expr : call(to, ...exprs));
  }
  if (to === "add" || to === "subtract") {
    const slope = together(first!, to === "add" ? second! : turned(second!));
    const name = to === "add" ? "lastsAdd" : "lastsSubtract";
    return bounded({ expr: call(name, ...exprs, numberOf(slope.falls), numberOf(slope.rises)), slope });
  }
  if (to === "between") {
    const [, from, until] = parts.map(({ slope }) => turned(slope));
    const { falls, rises } = either(together(first!, from!), together(first!, until!));
    return still(call("lastsBetween", ...exprs, numberOf(falls), numberOf(rises)));
  }
  return still(call(to, ...parts.map(settled)));
}

/** A part of a local time, of a time that runs as `now` does. */
function ofLocal(part: Extract<IrExpr, { kind: "call" }>, unit: bigint, slopes: Slopes): IrExpr {
  const [local] = part.args;
  if (local?.kind !== "call") throw new Error("a part of no local time");
  const [time, place] = local.args;
  const of = follow(time!, slopes);
  if (isStill(of.slope)) {
    return of.expr === time ? part : call(part.to, call(local.to, of.expr, place!));
  }
  const { falls, rises } = of.slope;
  if (falls !== 0n || rises !== 1n) return call(part.to, call(local.to, settled(of), place!));
  const name = local.to === "localAt" ? "lastsAt" : "lastsIn";
  return call(part.to, call(name, of.expr, place!, numberOf(unit)));
}

// ---- slopes

function turned({ falls, rises }: Slope): Slope {
  return { falls: rises, rises: falls };
}

function together(a: Slope, b: Slope): Slope {
  return { falls: a.falls + b.falls, rises: a.rises + b.rises };
}

function either(a: Slope, b: Slope): Slope {
  const most = (x: bigint, y: bigint) => (x > y ? x : y);
  return { falls: most(a.falls, b.falls), rises: most(a.rises, b.rises) };
}

function bounded(timed: Timed): Timed {
  const { falls, rises } = timed.slope;
  return falls > SLOPE_MAX || rises > SLOPE_MAX ? still(settled(timed)) : timed;
}

function numberOf(value: bigint): IrExpr {
  return { kind: "number", value };
}
