/** The conformance cases of the Common Expression Language, as its authors publish them. */
import { getConformanceSuite, type Suite, type Variant } from "@bufbuild/cel-spec/testdata/tests.js";
import type { Cel } from "./cel.ts";

export interface CelCase {
  readonly file: string;
  /** Suite and name. */
  readonly name: string;
  readonly expression: string;
  readonly bindings: ReadonlyMap<string, Cel>;
  /** Null: the expression ends in an error. */
  readonly value: Cel | null;
}

/** Those whose subject both languages have. */
const FILES: readonly string[] = [
  "basic",
  "comparisons",
  "integer_math",
  "lists",
  "logic",
  "macros",
  "string",
  "timestamps",
];

export function celCases(): readonly CelCase[] {
  return FILES.flatMap((file) => {
    const suite = getConformanceSuite().suites.find(({ name }) => name === file);
    if (suite === undefined) throw new Error(`no file ${file}`);
    return casesOf(suite, file, "");
  });
}

function casesOf(suite: Suite, file: string, above: string): readonly CelCase[] {
  const own = suite.tests.map(({ name, original }): CelCase => {
    const bindings = new Map<string, Cel>();
    for (const [key, { kind }] of Object.entries(original.bindings)) {
      bindings.set(
        key,
        kind.case === "value" ? celOf(kind.value as CelValue) : { kind: "other", what: "errors as values" },
      );
    }
    return {
      file,
      name: `${above}${name}`,
      expression: original.expr,
      bindings,
      value: expectedOf(original.resultMatcher),
    };
  });
  const below = suite.suites.flatMap((inner) => casesOf(inner, file, `${above}${inner.name}/`));
  return [...own, ...below];
}

/** Without a matcher a case expects true. */
function expectedOf({ case: sort, value }: Variant): Cel | null {
  if (sort === undefined) return { kind: "bool", value: true };
  if (sort === "value") return celOf(value as CelValue);
  if (sort === "typedResult") return celOf((value as { readonly result: CelValue }).result);
  return null;
}

interface CelValue {
  readonly kind: Variant;
}

const OTHERS: ReadonlyMap<string, string> = new Map([
  ["uint64Value", "unsigned numbers"],
  ["doubleValue", "floating point"],
  ["bytesValue", "bytes"],
  ["nullValue", "null"],
  ["mapValue", "maps of any keys"],
  ["objectValue", "messages"],
  ["typeValue", "types as values"],
  ["enumValue", "enums by number"],
]);

function celOf({ kind }: CelValue): Cel {
  switch (kind.case) {
    case "int64Value":
      return { kind: "int", value: kind.value as bigint };
    case "stringValue":
      return { kind: "text", value: kind.value as string };
    case "boolValue":
      return { kind: "bool", value: kind.value as boolean };
    case "listValue": {
      const { values } = kind.value as { readonly values: readonly CelValue[] };
      return { kind: "list", items: values.map(celOf) };
    }
    default:
      return { kind: "other", what: OTHERS.get(kind.case ?? "") ?? "values of another sort" };
  }
}
