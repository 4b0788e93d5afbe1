/** Time where somebody is: `now.in("Europe/Berlin").hour`, `now.at("+02:00").weekday`; and `age(t)`. */
import { TIMESTAMP_MAX, TIMESTAMP_MIN, type Type } from "@polity/runtime/layout.ts";
import type { Expr as Node } from "../../ast.ts";
import type { Expr, LocalPart, Place } from "../../checked.ts";
import { zoneNames, zoneOf } from "../../zones.ts";
import { rangeOf } from "../abstract.ts";
import { wrongArgumentCount } from "../messages-definitions.ts";
import { unknownAttribute } from "../messages-names.ts";
import { localWhole, placeNotConstant, unknownZone, wrongOffset } from "../messages-time.ts";
import { wrongType } from "../messages-types.ts";
import { done, type Env, FAILED, type Outcome, type Scope } from "../scope.ts";
import { nearest } from "../suggest.ts";
import { DURATION, showType } from "../types.ts";

type CallNode = Extract<Node, { kind: "call" }>;
type SelectNode = Extract<Node, { kind: "select" }>;
type ApplyNode = Extract<Node, { kind: "apply" }>;

/** A local time is at most 18 hours before the year 1 or behind the year 9999. */
const PARTS: ReadonlyMap<string, readonly [part: LocalPart, min: bigint, max: bigint]> = new Map([
  ["year", ["year", 0n, 10_000n]],
  ["month", ["month", 1n, 12n]],
  ["day", ["day", 1n, 31n]],
  ["hour", ["hour", 0n, 23n]],
  ["minute", ["minute", 0n, 59n]],
  ["second", ["second", 0n, 59n]],
  ["weekday", ["weekday", 1n, 7n]],
]);

export function isLocalCall({ method }: CallNode): boolean {
  return method.text === "at" || method.text === "in";
}

export function checkLocal(node: SelectNode, call: CallNode, scope: Scope, env: Env): Outcome {
  const local = checkPlace(call, scope, env);
  if (local === null) return FAILED;
  const found = PARTS.get(node.name.text);
  if (found === undefined) {
    scope.report(unknownAttribute(node.name, "local time", nearest(node.name.text, PARTS.keys())));
    return FAILED;
  }
  const { of, place } = local;
  const [part, min, max] = found;
  const range = rangeOf(of);
  const mayLeave = range === null || range.min < TIMESTAMP_MIN || range.max > TIMESTAMP_MAX;
  const type: Type = { kind: "int", min, max };
  const mayErr = of.mayErr || mayLeave;
  return done({ kind: "local", part, of, place, mayLeave, type, span: node.span, mayErr });
}

/** A local time is no value of its own. */
export function refuseLocal(call: CallNode, scope: Scope, env: Env): Outcome {
  if (checkPlace(call, scope, env) !== null) scope.report(localWhole(call.span));
  return FAILED;
}

function checkPlace(
  call: CallNode,
  scope: Scope,
  env: Env,
): { readonly of: Expr; readonly place: Place } | null {
  const { expr: of } = scope.check(call.of, scope, env, null);
  if (of === null) return null;
  if (of.type.kind !== "timestamp") {
    scope.report(wrongType(call.of.span, "timestamp", showType(of.type)));
    return null;
  }
  const [argument, ...more] = call.args;
  if (argument === undefined || more.length > 0) {
    scope.report(wrongArgumentCount(call.span, call.method.text, 1, call.args.length));
    return null;
  }
  const { expr } = scope.check(argument, scope, env, null);
  if (expr === null) return null;
  if (expr.kind !== "literal" || typeof expr.value !== "string") {
    scope.report(placeNotConstant(argument.span, call.method.text));
    return null;
  }
  const place = call.method.text === "at" ? offsetOf(expr.value) : namedZone(expr.value);
  if (place !== null) return { of, place };
  scope.report(
    call.method.text === "at"
      ? wrongOffset(argument.span)
      : unknownZone(argument.span, nearest(expr.value, zoneNames())),
  );
  return null;
}

const OFFSET_MAX = 18 * 3600;

/** `+02:00`; `-00:00` is left out, since one offset has one writing. */
function offsetOf(text: string): Place | null {
  const match = /^([+-])(\d\d):([0-5]\d)$/.exec(text);
  if (match === null || text === "-00:00") return null;
  const seconds = (Number(match[2]) * 60 + Number(match[3])) * 60;
  if (seconds > OFFSET_MAX) return null;
  return { kind: "offset", seconds: match[1] === "-" ? -seconds : seconds };
}

function namedZone(name: string): Place | null {
  const zone = zoneOf(name);
  return zone === null ? null : { kind: "zone", zone };
}

/** `now - t`, without the trap that a `t` in the future makes it negative. */
export function checkAge({ args, span }: ApplyNode, scope: Scope, env: Env): Outcome {
  const [argument, ...more] = args;
  if (argument === undefined || more.length > 0) {
    scope.report(wrongArgumentCount(span, "age", 1, args.length));
    return FAILED;
  }
  const { expr: of } = scope.check(argument, scope, env, null);
  if (of === null) return FAILED;
  if (of.type.kind !== "timestamp") {
    scope.report(wrongType(argument.span, "timestamp", showType(of.type)));
    return FAILED;
  }
  return done({ kind: "age", of, type: DURATION, span, mayErr: true });
}
