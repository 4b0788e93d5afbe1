/** The code of families: what is asked of a row, and how rows are found. */
import type { Ir, IrAction } from "../ir.ts";
import type { IrFamily, IrSubject } from "../ir-families.ts";
import { print, printCondition } from "./expression.ts";
import { NO_INDEX, type Tables } from "./family-data.ts";
import { type Asking, give, report } from "./report.ts";

export interface PrintedFamilies {
  /** Functions. */
  readonly texts: readonly string[];
  /** Statements of the function that judges the action. */
  readonly calls: readonly string[];
}

export function printFamilies(
  { subjects, families, bytes }: IrAction,
  action: number,
  ir: Ir,
  tables: Tables,
): PrintedFamilies {
  return {
    texts: families.flatMap((family, index) => {
      const named: Named = { family, name: `${action}_${index}`, subjects };
      return [...printRow(named, ir), printVisit(named, bytes), printFind(named, tables)];
    }),
    calls: [
      ...subjects.map((subject, index) => `  const subject${index} = ${numberOf(subject, tables)};`),
      ...families.map(({ parts }, index) => {
        return `  find${action}_${index}(${askedOf(parts).join(", ")});`;
      }),
    ],
  };
}

interface Named {
  readonly family: IrFamily;
  readonly name: string;
  readonly subjects: readonly IrSubject[];
}

function numberOf(subject: IrSubject, { subjects }: Tables): string {
  const value = print(subject.value);
  const { address, slots } = subjects.get(subject) ?? NO_INDEX;
  switch (subject.held) {
    case "text":
      return `textNumber(${value}, ${address}, ${slots})`;
    case "number":
      return `valueNumber(${value}, ${address}, ${slots})`;
    case "member":
      return `<u64>(${value})`;
  }
}

function printRow({ family: { first, ruleCount }, name }: Named, ir: Ir): readonly string[] {
  const row = [
    `// ${first.verdict} ${first.name} and ${ruleCount - 1} more of its kind: ${ir.file}, line ${first.line}`,
    `function row${name}(row: usize): bool {`,
    `  return ${printCondition(first.condition)};`,
    "}",
  ].join("\n");
  if (first.holes.length === 0) return [row];
  const gives = first.holes.flatMap((hole) => give("id", hole, ir.manifest.types));
  return [row, `function explain${name}(id: u32): void {\n${gives.join("\n")}\n}`];
}

/** Asks one row after the other. */
function printVisit({ family, name }: Named, fixedBytes: number): string {
  const { first, rowBytes, idOffset, order } = family;
  const asking: Asking = {
    id: "id",
    asked: `row${name}(row)`,
    explained: first.holes.length === 0 ? null : `explain${name}(id)`,
    given: null,
    held: "fires",
  };
  return [
    `function visit${name}(from: usize, end: usize): void {`,
    `  for (let row = from; row < end; row += ${rowBytes}) {`,
    ...(order === null ? [] : [`    if (!(${print(order.test)})) break;`]),
    `    const id = load<u32>(${idOffset === 0 ? "row" : `row, ${idOffset}`});`,
    ...report(first, asking, fixedBytes).map((line) => `  ${line}`),
    "  }",
    "}",
  ].join("\n");
}

/** A rule may test one thing twice: then two parts of the key are about it. */
function askedOf(parts: IrFamily["parts"]): readonly string[] {
  return [...new Set(parts.map(({ subject }) => `subject${subject}`))];
}

/** What is no key of the index is in no row. */
function printFind({ family, name, subjects }: Named, { families }: Tables): string {
  const { parts, guard, rowBytes } = family;
  const { address, slots } = families.get(family) ?? NO_INDEX;
  const asked = askedOf(parts);
  const known = parts.filter(({ subject }) => subjects[subject]?.held !== "member");
  const unknown = known.map(({ subject }) => `subject${subject} == 0`).join(" || ");
  const key = parts.map(({ subject, shift }) =>
    shift === 0 ? `subject${subject}` : `(subject${subject} << ${shift})`,
  );
  const visits =
    parts.length === 0
      ? [`  visit${name}(${address}, ${address + slots * rowBytes});`]
      : [
          `  const bucket = bucketOf(${key.join(" | ")}, ${address}, ${slots});`,
          `  if (bucket != 0) visit${name}(firstRow(bucket), rowsEnd(bucket));`,
        ];
  return [
    `function find${name}(${asked.map((subject) => `${subject}: u64`).join(", ")}): void {`,
    ...(unknown === "" ? [] : [`  if (${unknown}) return;`]),
    ...(guard === null ? [] : [`  if (!(${print(guard)})) return;`]),
    ...visits,
    "}",
  ].join("\n");
}
