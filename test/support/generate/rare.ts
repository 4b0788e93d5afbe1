/** Conditions of sorts that chance alone makes too seldom. */
import type { Type } from "@polity/runtime/layout.ts";
import { type Context, DURATION, generateExpression, INT, placeOf, TIMESTAMP } from "./expressions.ts";
import { generateLiteral } from "./literals.ts";
import { isSameType, type Place } from "./places.ts";

/** Between members of an enum that has an order. */
export function generateMembersOrder(context: Context): string | undefined {
  const { random, schema } = context;
  const place = pick(context, ({ kind, ...type }) => {
    return kind === "enum" && "name" in type && schema.ordered.has(type.name);
  });
  if (place === undefined) return undefined;
  const other = random.chance(0.3) ? placeOf(context, place.type)?.text : undefined;
  const right = other ?? generateLiteral(random, place.type, schema);
  return `(${place.text} ${random.pick(["<", "<=", ">", ">", ">=", ">="])} ${right})`;
}

/** What durations make together. */
export function generateDurations(context: Context, depth: number): string | undefined {
  const { random } = context;
  const part = (type: Type) => generateExpression(context, type, Math.min(depth, 1));
  const left = random.pick([
    () => `(${part(DURATION)} ${random.pick(["+", "-"])} ${part(DURATION)})`,
    () => `(${part(DURATION)} % ${random.pick(["7s", "1500ms", "1d"])})`,
    () => `(${part(DURATION)} % 1h)`,
    () => `(-${part(DURATION)})`,
    () => `(${part(TIMESTAMP)} - ${part(TIMESTAMP)})`,
    () => `(${part(DURATION)} / ${random.pick(["3", "-2", "7"])})`,
    () => `(${part(INT)} * 1500ms)`,
  ])();
  return `(${left} ${random.pick(["<", ">=", "==", ">"])} ${part(DURATION)})`;
}

const PARTS = [
  ".tag",
  ".digest",
  ".registry",
  ".repository",
  ".local",
  ".domain",
  ".query",
  ".port",
  ".version",
];

/** Parts of images, addresses and URLs: those come most often that few texts have. */
export function generatePart(context: Context): string | undefined {
  const { random, schema } = context;
  const present = PARTS.filter((part) => context.places.some(({ text }) => text.endsWith(part)));
  if (present.length === 0) return undefined;
  const part = random.pick(present);
  const place = pick(
    context,
    () => true,
    ({ text }) => text.endsWith(part),
  );
  if (place === undefined) return undefined;
  const { type, text } = place;
  if (type.kind !== "optional") return `(${text} != ${generateLiteral(random, type, schema)})`;
  if (place.isPath) context.rule.absences.add(text);
  const literal = generateLiteral(random, type.of, schema);
  const test = `(${text} is ${random.pick(["present", "absent"])})`;
  return literal === undefined || random.chance(0.3) ? test : `((${text} ?? ${literal}) == ${literal})`;
}

/** Somebody who is not among those of a set or list of groups. */
export function generateBelowAny(context: Context): string | undefined {
  const { random, places, schema } = context;
  const many = pick(
    context,
    (type) => (type.kind === "set" || type.kind === "list") && type.of.kind === "entity",
  );
  if (many === undefined || !("of" in many.type)) return undefined;
  const group = many.type.of;
  const below = places.filter(({ type }) => {
    if (type.kind !== "entity" || group.kind !== "entity") return false;
    return (
      isSameType(type, group) || schema.types.entities.get(type.name)?.groups.includes(group.name) === true
    );
  });
  if (below.length === 0) return undefined;
  return `(${random.pick(below).text} ${random.pick(["in", "not in"])} ${many.text})`;
}

function pick(
  { random, places }: Context,
  fits: (type: Type) => boolean,
  accept: (place: Place) => boolean = () => true,
): Place | undefined {
  const fitting = places.filter((place) => fits(place.type) && accept(place));
  return fitting.length === 0 ? undefined : random.pick(fitting);
}
