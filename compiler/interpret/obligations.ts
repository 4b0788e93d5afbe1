/** What a fired rule imposes, and which of it binds the host (spec 8.5.2, 8.5.6). */

import type { Verdict } from "@polity/runtime/decision.ts";
import {
  type Argument as ArgumentValue,
  type Obligation,
  VERDICT_NUMBERS,
} from "@polity/runtime/decision.ts";
import { DURATION_MAX, TIMESTAMP_MAX, TIMESTAMP_MIN, type Type } from "@polity/runtime/layout.ts";
import type { Argument, Checked, Oblige, Value } from "../checked.ts";
import { unreachable } from "../diagnostic.ts";
import { extentOfValue } from "../extent.ts";
import { WEIGHTS } from "../weights.ts";
import { argumentJson, argumentText } from "./argument-json.ts";
import { evaluate, type Scope } from "./evaluate.ts";
import { type Evaluated, type Failure, isFailure, RANGE } from "./failure.ts";
import { spend } from "./meter.ts";
import { utf8Bytes } from "./text.ts";
import { compareText } from "./values.ts";

/**
 * The obligations of one rule that fires, as written, or the first error that their arguments met: then the
 * rule has that error (spec 8.5.4).
 */
export function imposed(
  obliges: readonly Oblige[],
  scope: Scope,
  checked: Checked,
): readonly Obligation[] | Failure {
  const obligations: Obligation[] = [];
  for (const { obligation: name, args } of obliges) {
    const values = new Map<string, Value>();
    for (const arg of args) {
      const value = fitting(arg, evaluate(arg.value, scope));
      spend(scope.meter, WEIGHTS.argument.steps);
      if (isFailure(value)) return value;
      spend(scope.meter, extentOfValue(value).words * WEIGHTS.word.steps);
      values.set(arg.name, value);
    }
    const declared = checked.obligations.find((one) => one.name === name);
    const given: [string, ArgumentValue][] = [];
    for (const parameter of declared?.parameters ?? []) {
      const value = values.get(parameter.name);
      if (value !== undefined)
        given.push([parameter.name, argumentJson(value, parameter.type, checked.types)]);
    }
    obligations.push({ name, when: declared?.phase ?? "before", arguments: Object.fromEntries(given) });
  }
  return obligations;
}

/** An argument outside its declared range or bound is the error `range` (spec 8.5.4). */
function fitting({ type }: Argument, value: Evaluated): Evaluated {
  return isFailure(value) || value === undefined || isWithin(value, type) ? value : RANGE;
}

function isWithin(value: Value, type: Type): boolean {
  switch (type.kind) {
    case "optional":
      return value === undefined || isWithin(value, type.of);
    case "int":
    case "decimal":
      return (value as bigint) >= type.min && (value as bigint) <= type.max;
    case "timestamp":
      return (value as bigint) >= TIMESTAMP_MIN && (value as bigint) <= TIMESTAMP_MAX;
    case "duration":
      return (value as bigint) >= -DURATION_MAX && (value as bigint) <= DURATION_MAX;
    case "string":
      if (type.id && !/^[A-Za-z0-9._:@/-]+$/.test(value as string)) return false;
      return utf8Bytes(value as string) <= type.bytesMax;
    case "path":
    case "shaped":
      return utf8Bytes(value as string) <= type.bytesMax;
    case "json":
      return utf8Bytes((value as { readonly text: string }).text) <= type.bytesMax;
    case "map": {
      const { size } = (value as { readonly entries: ReadonlyMap<string, Value> }).entries;
      return size >= type.min && size <= type.max;
    }
    case "list":
    case "set": {
      const members = value as readonly Value[];
      const isSized = members.length >= type.min && members.length <= type.max;
      return isSized && members.every((member) => isWithin(member, type.of));
    }
    case "bool":
    case "enum":
    case "record":
    case "entity":
    case "ref":
    case "entry":
      return true;
    default:
      return unreachable(type);
  }
}

/**
 * Those of the fired `allow` rules where the verdict is `allow` or `hold`, else those of the fired rules with
 * the verdict; equal ones once, by name, then by the bytes of their arguments (spec 8.5.6, 8.5.7).
 */
export function binding(
  verdict: Verdict,
  fired: readonly { readonly verdict: Verdict; readonly obligations: readonly Obligation[] }[],
): readonly Obligation[] {
  const isGranted = VERDICT_NUMBERS[verdict] <= VERDICT_NUMBERS.hold;
  const from = fired.filter((rule) => rule.verdict === (isGranted ? "allow" : verdict));
  return merged(from.flatMap(({ obligations }) => obligations));
}

function merged(obligations: readonly Obligation[]): readonly Obligation[] {
  const unique = new Map<string, Obligation>();
  for (const one of obligations) unique.set(`${one.name} ${argumentText(one.arguments)}`, one);
  const order = (a: Obligation, b: Obligation) =>
    compareText(a.name, b.name) || compareText(argumentText(a.arguments), argumentText(b.arguments));
  return [...unique.values()].sort(order);
}
