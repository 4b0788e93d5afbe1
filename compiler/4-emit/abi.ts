/** The functions that a host calls. See docs/abi.md, "The module". */
import { INT_MAX, INT_MIN, RULES_LISTED_MAX } from "@polity/runtime/layout.ts";
import { ABI_MAJOR, ABI_MINOR } from "@polity/runtime/manifest.ts";
import type { Ir } from "../ir.ts";
import { printCarried } from "./carried.ts";
import { number } from "./expression.ts";
import { NO_INDEX, type Tables } from "./family-data.ts";
import { functionOf, isCarried, literalName } from "./names.ts";

/** Header, fired and erring rules; with the shadow rules behind them. */
const RESULT_IDS_BYTES = 64 + RULES_LISTED_MAX * 12;
const SHADOWED_RESULT_BYTES = RESULT_IDS_BYTES + 8 + RULES_LISTED_MAX * 4;

export function printAbi(ir: Ir, tables: Tables): readonly string[] {
  return [
    `const LAYOUT_TAG: u64 = 0x${reversed(ir.manifest.layoutTag)};`,
    `const TYPE_COUNT: u32 = ${ir.entities.length};`,
    `export function pol_abi(): i32 {\n  return ${(ABI_MAJOR << 16) | ABI_MINOR};\n}`,
    REGION,
    RESERVE,
    printLoad(ir, tables),
    printDecide(ir),
    "// No policy of this version remembers anything.\n" +
      "export function pol_record(bytes: i32, what: i32): i32 {\n  return 0;\n}",
  ];
}

/** The tag's bytes stand in memory order, the number is little-endian. */
function reversed(hex: string): string {
  return (hex.match(/../g) ?? []).reverse().join("");
}

const REGION = `export function pol_region(kind: i32, what: i32): i32 {
  switch (kind) {
    case 0:
      return what == 0 ? <i32>FRAME : FRAME_BYTES;
    case 1:
      return what == 0 ? <i32>RESULT : RESULT_BYTES;
    case 2:
      return what == 0 ? <i32>factsAddress() : <i32>factsCapacity();
    default:
      return 0;
  }
}`;

const RESERVE = `export function pol_reserve(kind: i32, bytes: i32): i32 {
  if (kind == 2) return reserveFacts(bytes);
  return kind == 3 && bytes == 0 ? 1 : 0;
}`;

function printLoad(ir: Ir, tables: Tables): string {
  const types = ir.entities.flatMap(({ name, bytes }, type) => [
    `  openType(${type}, ${bytes});`,
    ...(isCarried(ir.manifest.types, name) ? [`  if (countOf(${type}) != 0) refuse(3);`] : []),
  ]);
  const records = ir.entities.map((struct, type) =>
    [
      `  for (let i: u32 = 0; i < countOf(${type}); i++) {`,
      struct.slots.length === 0
        ? `    openRecord(${type}, i);`
        : `    ${functionOf("attributes", type, struct.name)}(openRecord(${type}, i));`,
      "    closeRecord();",
      "  }",
    ].join("\n"),
  );
  const entries = ir.tables.length === 0 ? "TYPE_COUNT" : `TYPE_COUNT + ${ir.tables.length}`;
  return [
    "export function pol_load(kind: i32, bytes: i32): i32 {",
    `  if (kind != 2 || !openFacts(bytes, ${entries}, LAYOUT_TAG)) return 0;`,
    ...types,
    ...ir.tables.map(({ bytes }, at) => `  openTable(${at}, ${ir.entities.length + at}, ${bytes});`),
    ...(ir.settings === null ? [] : [`  const hasSettings = openSettings(${ir.settings.bytes});`]),
    ...(records.length === 0 ? [] : ["  openRecords();", ...records, "  closeRecords();"]),
    ...ir.tables.flatMap((table, at) => loadRows(ir, table, at)),
    ...(ir.settings === null ? [] : ["  if (hasSettings) decodeSettings(settings);"]),
    "  if (!closeFacts()) return 0;",
    ...resolveLiterals(ir),
    ...resolveRows(ir, tables),
    "  return 1;",
    "}",
  ].join("\n");
}

/** Rows are records; once all are decoded, their order is looked at. */
function loadRows(ir: Ir, { name, bytes }: Ir["tables"][number], at: number): readonly string[] {
  const record = ir.records.findIndex((one) => one.name === name);
  return [
    `  for (let i: u32 = 0; i < rowCount(${at}); i++) record${record}(rowOf(${at}, i, ${bytes}));`,
    `  if (refusal == 0) checkTable${at}();`,
  ];
}

/** An entity literal's first word becomes the address of its record; its id's slot stands behind. */
function resolveLiterals(ir: Ir): readonly string[] {
  const lines: string[] = [];
  for (const [index, literal] of ir.literals.entries()) {
    if (literal.entity === null) continue;
    lines.push(`  if (!resolve(${literalName(index)}, ${literal.entity})) return missLiteral();`);
  }
  for (const [index, literal] of ir.literals.entries()) {
    for (const { offset, literal: entity } of literal.patches) {
      lines.push(`  store<u32>(${literalName(index)} + ${offset}, <u32>entityAt(${literalName(entity)}));`);
    }
  }
  return lines;
}

/** The same for what rows of families name. */
function resolveRows({ actions }: Ir, { subjects, entities, patches }: Tables): readonly string[] {
  const keys = actions.flatMap((action) => action.subjects).filter(({ entity }) => entity !== null);
  return [
    ...keys.map((subject) => {
      const { address, slots } = subjects.get(subject) ?? NO_INDEX;
      return `  if (!keysExist(${subject.entity}, ${address}, ${slots})) return missLiteral();`;
    }),
    ...(entities.slots === 0
      ? []
      : [`  if (!resolveEach(${entities.address}, ${entities.slots})) return missLiteral();`]),
    ...(patches.slots === 0 ? [] : [`  patchEach(${patches.address}, ${patches.slots});`]),
  ];
}

/** As to an action that is not declared, a policy is a guard. */
function concludedBy({ manifest: { guard, others, actions } }: Ir): string {
  if (guard === true) return "concludedGuard()";
  if (others === undefined) return "concluded()";
  return `(actionOf() == ${actions.length} ? concludedGuard() : concluded())`;
}

function printDecide(ir: Ir): string {
  const { valid, containmentAgeMs } = ir.manifest;
  const from = number(valid?.fromMs ?? INT_MIN);
  // `now` is at most the year 9999, so this bound never refuses.
  const until = number(valid?.untilMs ?? INT_MAX);
  const cases = ir.actions.map((action, index) => {
    const approvals = [`        decodeApprovals(${action.bytes}, TYPE_COUNT);`];
    return [
      `    case ${index}:`,
      ...(ir.hasCarried ? [`      placeEach(${action.bytes});`] : []),
      `      if (openFields(${action.bytes})) {`,
      `        ${functionOf("fields", index, action.name)}();`,
      ...approvals,
      ...(ir.hasCarried ? ["        decodeEach();"] : []),
      "        closeFields();",
      "      }",
      "      break;",
    ].join("\n");
  });
  const judges = ir.actions.map(
    (action, index) =>
      `    case ${index}:\n      ${functionOf("judge", index, action.name)}();\n      break;`,
  );
  const concluded = concludedBy(ir);
  return [
    ...(ir.hasCarried ? [printCarried(ir), ""] : []),
    "function decodeFrame(bytes: i32): void {",
    `  if (!openFrame(bytes, ${ir.actions.length}, LAYOUT_TAG)) return;`,
    "  switch (actionOf()) {",
    ...cases,
    "  }",
    "}",
    "",
    "export function pol_decide(bytes: i32): i32 {",
    "  seal();",
    "  openResult();",
    ...(ir.imposedMax > 0 ? ["  openObligations();"] : []),
    "  decodeFrame(bytes);",
    `  const code = before(${from}, ${until}, ${containmentAgeMs});`,
    "  if (code != 0) return denied(code);",
    "  switch (actionOf()) {",
    ...judges,
    "  }",
    ir.imposedMax > 0
      ? `  return bindObligations(${concluded}, ${ir.hasShadow ? SHADOWED_RESULT_BYTES : RESULT_IDS_BYTES});`
      : `  return ${concluded};`,
    "}",
  ].join("\n");
}
