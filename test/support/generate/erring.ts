/**
 * Rules that err for some trusts and at one place only, which their names tell: `err_if_condition_3`. So the
 * table can say that every kind of error was met at every place where one can arise.
 */
import type { Outcome } from "@polity/runtime/decision.ts";
import type { Random } from "./random.ts";
import { placesOf, type World } from "./rules.ts";

const KINDS = ["overflow", "divide", "range"] as const;
type Kind = (typeof KINDS)[number];

const PLACES = [
  "granting",
  "granting_unless",
  "restricting",
  "restricting_unless",
  "right_of_and",
  "right_of_or",
  "if_condition",
  "if_branch",
  "let",
  "fn_body",
  "fn_argument",
  "any_body",
  "count_body",
  "sum_body",
  "witness_body",
  "argument",
  "note",
] as const;
type Place = (typeof PLACES)[number];

export const ERROR_ROWS: readonly string[] = PLACES.flatMap((place) =>
  KINDS.map((kind) => `error.${kind} in ${place}`),
);

/** The rows that a decision shows. */
export function errorRows({ errors, notes }: Outcome): readonly string[] {
  const rows = errors.flatMap(({ rule, kind }) => {
    const place = placeOf(rule);
    return place === undefined ? [] : [`error.${kind} in ${place}`];
  });
  for (const { rule, parts } of notes) {
    const kind = /_note_(\w+)_\d+$/.exec(rule)?.[1];
    const isError = parts.some((part) => typeof part === "object" && part.kind === "error");
    if (kind !== undefined && isError) rows.push(`error.${kind} in note`);
  }
  return rows;
}

function placeOf(rule: string): Place | undefined {
  return PLACES.find((place) => new RegExp(`(?:^|/)err_${place}_(?:${KINDS.join("|")})_\\d+$`).test(rule));
}

/** Numbers that cannot be calculated for some trusts. */
const NUMBERS: Readonly<Record<Kind, readonly string[]>> = {
  overflow: [
    "(trust + 9223372036854775807)",
    "(trust * 4611686018427387905)",
    "(-9223372036854775807 - trust)",
  ],
  divide: ["(100 / trust)", "(7 % (trust - 500))", "(1d / (trust - 1) / 1h)"],
  range: [
    "(age(now + (trust - 500) * 1ms) / 1ms)",
    '(now + (trust - 500) * 999999999999999ms / 500).at("+00:00").year',
  ],
};

const INT_MAX = "9223372036854775807";

/** A test that is mostly so where it does not err. */
function test(random: Random, number: string, isTrue: boolean): string {
  const [least, other] = isTrue ? [">=", "!="] : ["<", "=="];
  return random.pick([`(${number} ${least} -${INT_MAX})`, `(${number} ${other} -3)`]);
}

/** Lines of the file for one such rule. */
export function generateErringRule(random: Random, world: World, number: number): string {
  const { schema, kind: fileKind } = world;
  const kind = random.pick(KINDS);
  const place = random.pick(PLACES);
  const value = random.pick(NUMBERS[kind]);
  const isGranting = place.startsWith("granting");
  const isEverywhere = !isGranting && random.chance(0.3);
  const action = random.pick(schema.actions);
  const sized = placesOf(schema, isEverywhere ? [] : action.fields).filter(({ type }) => {
    return type.kind === "list" || type.kind === "set";
  });
  const over = sized.length > 0 ? random.pick(sized) : undefined;
  const isAlways = place === "argument" || place === "note";
  const mayAllow = fileKind === "policy" && !isEverywhere;
  const verdict = mayAllow && (isGranting || isAlways || random.chance(0.2)) ? "allow" : "deny";
  const name = `err_${place}_${kind}_${number}`;
  const head = `${verdict} ${name} on ${isEverywhere ? "*" : action.name}`;
  // Else rules that restrict would hide what all others say.
  const isTrue = (verdict === "allow") !== place.endsWith("_unless");
  const written = write({ random, isTrue, value, number, over: over?.text }, place);
  if (written === undefined || (isGranting && verdict !== "allow")) return "";
  const isEmptiable = over?.isPath === true && written.clauses.includes(` in ${over.text}`);
  const tag = isEmptiable ? `\n  @absent_ok(${over.text}, "generated")` : "";
  return `${written.before}${head}\n${written.clauses}${tag}`;
}

interface Written {
  /** Declarations that the rule needs. */
  readonly before: string;
  readonly clauses: string;
}

interface Given {
  readonly random: Random;
  /** How the test mostly ends. */
  readonly isTrue: boolean;
  /** What may err. */
  readonly value: string;
  readonly number: number;
  readonly over: string | undefined;
}

function write({ random, isTrue, value, number, over }: Given, place: Place): Written | undefined {
  const condition = test(random, value, isTrue);
  const when = (text: string, before = ""): Written => ({ before, clauses: `  when ${text}` });
  const within = (text: (variable: string) => string) => (over === undefined ? undefined : when(text("v0")));
  switch (place) {
    case "granting":
    case "restricting":
      return when(condition);
    case "granting_unless":
    case "restricting_unless":
      return { before: "", clauses: `  unless ${condition}` };
    case "right_of_and":
      return when(`(trust >= 0 and ${condition})`);
    case "right_of_or":
      return when(`(trust < 0 or ${condition})`);
    case "if_condition":
      return when(`(if ${condition} then trust >= 0 else trust < 3)`);
    case "if_branch":
      return when(`(if trust < 1000 then ${condition} else trust < 3)`);
    case "let":
      return { before: "", clauses: `  let l0 = ${value}\n  when ${test(random, "l0", isTrue)}` };
    case "fn_body":
      // A function knows neither trust nor fields: they are its parameters.
      return when(
        `errfn${number}(trust)`,
        `${functionOf(number, "int 0..1000", condition.replaceAll("trust", "t"))}\n`,
      );
    case "fn_argument":
      return when(`errfn${number}(${value})`, `${functionOf(number, "int", test(random, "t", isTrue))}\n`);
    case "any_body":
      return within((variable) => `any(${variable} in ${over}: ${condition})`);
    case "count_body":
      return within((variable) => `(count(${variable} in ${over}: ${condition}) > 0)`);
    case "sum_body":
      return within((variable) => `(sum(${variable} in ${over}: ${value} % 7) >= 0)`);
    case "witness_body":
      return over === undefined
        ? undefined
        : { before: "", clauses: `  for any w0 in ${over}\n  when ${condition}` };
    case "argument":
      return {
        before: `obligation errob${number} { n: int }\n`,
        clauses: `  always\n  oblige errob${number} { n: ${value} }`,
      };
    case "note":
      return { before: "", clauses: `  always\n  note "{${value}}"` };
  }
}

function functionOf(number: number, type: string, body: string): string {
  return `fn errfn${number}(t: ${type}) -> bool = ${body}`;
}
