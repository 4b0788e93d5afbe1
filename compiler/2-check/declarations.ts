/** Types, actions and fields of a program: who is declared, once, and with which type. */
import type { EntityType, Field, Table, Type } from "@polity/runtime/layout.ts";
import type { Declaration, FieldDeclaration, Name, Program } from "../ast.ts";
import type { Source } from "../source.ts";
import { NO_BINDINGS } from "./bindings.ts";
import { duplicateName, nameTooLong, reservedName, shadowedName, unknownGroup } from "./messages-names.ts";
import { tooMany, wrongSubject } from "./messages-types.ts";
import { byName, compareNames } from "./order.ts";
import { checkRecords, type RecordChecks } from "./records.ts";
import { carriedTypes, checkSources, notOfRequest } from "./sources.ts";
import { nearest } from "./suggest.ts";
import { tableOf } from "./tables.ts";
import { resolveType, type TypeNames } from "./type-nodes.ts";
import { BUILT_IN_TYPES, showType } from "./types.ts";
import { type DeclaredObligation, type Fields, lineOf, type Report, type World } from "./world.ts";

const ACTIONS_MAX = 1_024;
const FIELDS_MAX = 256;
const NAME_BYTES_MAX = 64;

type Of<K extends Declaration["kind"]> = Extract<Declaration, { kind: K }>;

export function declare(source: Source, program: Program, report: Report): World {
  const kinds = new Map<string, "enum" | "record" | "entity">();
  const all = program.declarations;
  const carried = carriedTypes(all);
  const names: TypeNames = { kinds, carried, used: new Set(), report };
  const typeDeclarations = all.filter(
    (d) => d.kind === "enum" || d.kind === "record" || d.kind === "entity" || d.kind === "table",
  );
  const unique = uniqueNames(typeDeclarations, "a type or a table", source, report);
  for (const declaration of unique) {
    if (BUILT_IN_TYPES.includes(declaration.name.text)) {
      report(reservedName(declaration.name, "it is a built-in type"));
    }
    if (declaration.kind !== "table") kinds.set(declaration.name.text, declaration.kind);
  }
  const enums = new Map<string, readonly string[]>();
  const records = new Map<string, Fields>();
  const entities = new Map<string, Fields>();
  const groups = new Map<string, readonly string[]>();
  const tables: Table[] = [];
  for (const declaration of unique) {
    const name = declaration.name.text;
    if (declaration.kind === "enum") {
      enums.set(name, enumMembers(declaration, source, report));
    } else if (declaration.kind === "record") {
      records.set(name, fieldsOf(declaration.fields, `a field of \`${name}\``, source, names));
      limitFields(declaration.name, declaration.fields.length, report);
    } else if (declaration.kind === "table") {
      records.set(name, fieldsOf(declaration.fields, `a column of \`${name}\``, source, names));
      limitFields(declaration.name, declaration.fields.length, report);
      const table = tableOf(declaration, records.get(name) ?? new Map(), report);
      if (table !== null) tables.push(table);
    } else {
      groups.set(name, groupsOf(declaration, source, names));
      entities.set(name, attributesDeclared(declaration, source, names));
    }
  }
  checkSources(unique, carried, records, entities, report);
  const recordNames = new Map(
    unique.filter((d) => d.kind === "record" || d.kind === "table").map((d) => [d.name.text, d.name]),
  );
  const recordChecks = checkRecords(records, recordNames, report);
  const shared = sharedFields(all, source, names);
  const actions = actionFields(all, shared.fields, recordChecks, source, names);
  return {
    source,
    report,
    types: {
      enums: sorted(enums),
      records: sorted(new Map([...records].map(([name, fields]) => [name, known(fields)]))),
      entities: sorted(entityTypes(entities, groups, carried)),
      ...(tables.length > 0 && { tables: tables.sort(byName) }),
    },
    ordered: new Set(unique.flatMap((d) => (d.kind === "enum" && d.ordered ? [d.name.text] : []))),
    records,
    hasSoundRecords: recordChecks.isSound,
    entities,
    subject: shared.subject,
    shared: shared.fields,
    actions,
    definitions: NO_BINDINGS,
    used: names.used,
    automata: new Map(),
    obligations: obligationsOf(all, recordChecks, source, names),
    obliged: new Set(),
  };
}

function obligationsOf(
  all: readonly Declaration[],
  records: RecordChecks,
  source: Source,
  names: TypeNames,
): ReadonlyMap<string, DeclaredObligation> {
  const declared = uniqueNames(
    all.filter((d) => d.kind === "obligation"),
    "an obligation",
    source,
    names.report,
  );
  const obligations = new Map<string, DeclaredObligation>();
  for (const { name, phase, fields } of declared) {
    const parameters = fieldsOf(fields, `an argument of \`${name.text}\``, source, names);
    limitFields(name, parameters.size, names.report);
    records.checkFields(parameters, name);
    obligations.set(name.text, { phase, parameters });
  }
  return sorted(obligations);
}

function sorted<T>(map: ReadonlyMap<string, T>): ReadonlyMap<string, T> {
  return new Map([...map].sort(([a], [b]) => compareNames(a, b)));
}

/** In canonical order, without the fields whose declaration was wrong. */
export function known(fields: Fields): readonly Field[] {
  const result: Field[] = [];
  for (const [name, type] of sorted(fields)) if (type !== null) result.push({ name, type });
  return result;
}

function entityTypes(
  entities: ReadonlyMap<string, Fields>,
  groups: ReadonlyMap<string, readonly string[]>,
  carried: ReadonlySet<string>,
): Map<string, EntityType> {
  const result = new Map<string, EntityType>();
  for (const [name, attributes] of entities) {
    const sortedGroups = [...(groups.get(name) ?? [])].sort(compareNames);
    const source = carried.has(name) && { fromRequest: true as const };
    result.set(name, { groups: sortedGroups, attributes: known(attributes), ...source });
  }
  return result;
}

/** The first of each name; reports the others. */
export function uniqueNames<T extends { readonly name: Name }>(
  named: readonly T[],
  what: string,
  source: Source,
  report: Report,
): readonly T[] {
  const first = new Map<string, T>();
  for (const item of named) {
    const other = first.get(item.name.text);
    if (other !== undefined) report(duplicateName(item.name, what, lineOf(source, other.name)));
    else first.set(item.name.text, item);
    if (item.name.text.length > NAME_BYTES_MAX) report(nameTooLong(item.name, NAME_BYTES_MAX));
  }
  return [...first.values()];
}

function enumMembers(declaration: Of<"enum">, source: Source, report: Report): readonly string[] {
  const members = declaration.members.map((name) => ({ name }));
  const unique = uniqueNames(members, `a member of \`${declaration.name.text}\``, source, report);
  return unique.map((member) => member.name.text);
}

function groupsOf(declaration: Of<"entity">, source: Source, names: TypeNames): readonly string[] {
  const named = declaration.groups.map((name) => ({ name }));
  const result: string[] = [];
  for (const { name } of uniqueNames(named, "named as a group", source, names.report)) {
    const kind = names.kinds.get(name.text);
    if (kind === "entity") {
      if (name.text !== declaration.name.text) names.used.add(name.text);
      result.push(name.text);
      continue;
    }
    const entityNames = [...names.kinds].filter(([, k]) => k === "entity").map(([n]) => n);
    names.report(unknownGroup(name, kind !== undefined, nearest(name.text, entityNames)));
  }
  return result;
}

function attributesDeclared(declaration: Of<"entity">, source: Source, names: TypeNames): Fields {
  const what = `an attribute of \`${declaration.name.text}\``;
  for (const { name } of declaration.attributes) {
    if (name.text === "id") names.report(reservedName(name, "every entity has an `id`"));
  }
  limitFields(declaration.name, declaration.attributes.length, names.report);
  return fieldsOf(declaration.attributes, what, source, names);
}

function fieldsOf(
  declared: readonly FieldDeclaration[],
  what: string,
  source: Source,
  names: TypeNames,
): Fields {
  const fields = new Map<string, Type | null>();
  for (const field of uniqueNames(declared, what, source, names.report)) {
    fields.set(field.name.text, resolveType(field.type, names));
  }
  return fields;
}

function limitFields(owner: Name, count: number, report: Report): void {
  if (count > FIELDS_MAX) report(tooMany(owner.span, "fields", count, FIELDS_MAX));
}

interface Shared {
  readonly subject: World["subject"];
  readonly fields: Fields;
  readonly declared: readonly FieldDeclaration[];
}

function sharedFields(all: readonly Declaration[], source: Source, names: TypeNames): Shared {
  const subjects = all.filter((d) => d.kind === "subject");
  const blocks = all.filter((d) => d.kind === "shared");
  onlyOne(
    subjects.map((d) => d.field.name.span),
    "subject",
    "the subject",
    source,
    names.report,
  );
  onlyOne(
    blocks.map((d) => d.span),
    "every action",
    "declared",
    source,
    names.report,
  );
  const subject = subjects[0]?.field;
  const own = blocks.flatMap((d) => d.fields);
  const declared = subject === undefined ? own : [subject, ...own];
  const fields = fieldsOf(declared, "a field of every action", source, names);
  notReserved(declared, names);
  if (subject === undefined) return { subject: null, fields, declared };
  const type = fields.get(subject.name.text);
  if (type === null || type === undefined) return { subject: null, fields, declared };
  if (type.kind !== "entity") {
    names.report(wrongSubject(subject.type.span, showType(type)));
    return { subject: null, fields, declared };
  }
  if (names.carried.has(type.name)) notOfRequest(subject.type.span, type.name, "the subject", names.report);
  return { subject: { field: subject.name.text, entity: type.name }, fields, declared };
}

function onlyOne(
  spans: readonly Name["span"][],
  text: string,
  what: string,
  source: Source,
  report: Report,
): void {
  const first = spans[0];
  if (first === undefined) return;
  for (const span of spans.slice(1)) {
    report(duplicateName({ text, span }, what, lineOf(source, { text, span: first })));
  }
}

/** A request's fields are bare words in rules, where they must not hide anything. */
function notReserved(fields: readonly FieldDeclaration[], names: TypeNames): void {
  for (const { name } of fields) {
    if (name.text === "now") names.report(reservedName(name, "it is the time of the request"));
    if (name.text === "trust") names.report(reservedName(name, "it is the subject's trust"));
    const kind = names.kinds.get(name.text);
    if (kind !== undefined)
      names.report(shadowedName(name, `the name of ${kind === "record" ? "a" : "an"} ${kind}`));
  }
}

function actionFields(
  all: readonly Declaration[],
  shared: Fields,
  records: RecordChecks,
  source: Source,
  names: TypeNames,
): ReadonlyMap<string, Fields> {
  const declared = uniqueNames(
    all.filter((d) => d.kind === "action"),
    "an action",
    source,
    names.report,
  );
  const last = declared[ACTIONS_MAX];
  if (last !== undefined) names.report(tooMany(last.name.span, "actions", declared.length, ACTIONS_MAX));
  const actions = new Map<string, Fields>();
  for (const action of declared) {
    const name = action.name.text;
    const own = fieldsOf(action.fields, `a field of \`${name}\``, source, names);
    notReserved(action.fields, names);
    for (const field of action.fields) {
      if (shared.has(field.name.text)) names.report(shadowedName(field.name, "a field of every action"));
    }
    const fields = new Map([...own, ...shared]);
    limitFields(action.name, fields.size, names.report);
    records.checkFields(fields, action.name);
    actions.set(name, fields);
  }
  return actions;
}
