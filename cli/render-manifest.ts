/** A manifest as text for people. */
import type { Field, Table } from "@polity/runtime/layout.ts";
import {
  type ActionCost,
  type ActionLayout,
  type ApprovalClause,
  type Limits,
  type Manifest,
  memoryBytes,
  type RuleEntry,
  type TagEntry,
  type TemplateEntry,
} from "@polity/runtime/manifest.ts";
import { durationText, timestampText } from "@polity/runtime/scalars.ts";
import { columns } from "./table.ts";
import type { Paint } from "./terminal.ts";
import { typeText } from "./type-text.ts";
import { sizeText, visible } from "./words.ts";

export function manifestLines(manifest: Manifest, paint: Paint): string[] {
  const title = (text: string) => ["", paint("strong", text)];
  return [
    ...title("Policy"),
    ...indented(columns(headRows(manifest))),
    ...title("Types"),
    ...indented(typeLines(manifest)),
    ...title("Actions"),
    ...indented(columns(manifest.actions.map((action) => actionCells(action, manifest)))),
    ...title("Cost at most"),
    ...indented(columns(manifest.costs.map(costCells))),
    ...title("Rules"),
    ...indented(columns(manifest.rules.map(ruleCells))),
    ...obligationLines(manifest, title),
    ...absentOkLines(manifest.rules, title),
  ];
}

/** The most that an instance takes, for people. */
export function memoryText({ staticBytes, factsBytesMax, memoryBytesMax }: Limits): string {
  const least = memoryBytes(staticBytes, 0);
  const own = `${sizeText(least)} in each instance`;
  if (memoryBytesMax === least) return `${own}, facts included`;
  const most = `${sizeText(memoryBytesMax)} at most, with ${sizeText(factsBytesMax)} of facts`;
  return `${own}, and one and a half times its facts: ${most}`;
}

export function memoryData({ staticBytes, factsBytesMax, memoryBytesMax }: Limits) {
  return { bytesMin: memoryBytes(staticBytes, 0), staticBytes, factsBytesMax, bytesMax: memoryBytesMax };
}

function headRows(manifest: Manifest): string[][] {
  const { policy, abi, language, compiler, assembler, valid, subject, limits } = manifest;
  return [
    [manifest.guard === true ? "guard" : "name", `${policy.name} version ${policy.version}`],
    [
      "valid",
      valid === null ? "always" : `${timestampText(valid.fromMs)} until ${timestampText(valid.untilMs)}`,
    ],
    ["subject", subject === null ? "none" : `${subject.field}: ${subject.entity}`],
    ["trust", manifest.readsTrust ? "read" : "not read"],
    ["containment", `at most ${durationText(manifest.containmentAgeMs)} old`],
    ...manifest.sources.map(({ file, sha256 }) => ["source", `${visible(file)} ${sha256}`]),
    ["made by", `${compiler}, ${assembler}, language ${language}, ABI ${abi.major}.${abi.minor}`],
    ...(manifest.simd === true ? [["needs", "an engine with vector instructions (SIMD)"]] : []),
    ["limits", `request ${sizeText(limits.frameBytesMax)}, facts ${sizeText(limits.factsBytesMax)}`],
    ...manifest.entityLiterals.map(({ type, id }) => ["needs", visible(`${type}::${JSON.stringify(id)}`)]),
  ];
}

function typeLines({ types }: Manifest): string[] {
  const lines: string[] = [];
  for (const [name, members] of types.enums) lines.push(`enum ${name} { ${members.join(", ")} }`);
  const tables = new Map((types.tables ?? []).map((table) => [table.name, table]));
  for (const [name, fields] of types.records) {
    const table = tables.get(name);
    const columns = `${name} { ${fieldList(fields)} }`;
    lines.push(table === undefined ? `record ${columns}` : `table ${columns} ${keyText(table)}`);
  }
  for (const [name, { groups, attributes, fromRequest }] of types.entities) {
    const above = groups.length === 0 ? "" : ` in ${groups.join(", ")}`;
    const from = fromRequest === true ? " from request" : "";
    const inside = attributes.length === 0 ? "" : ` { ${fieldList(attributes)} }`;
    lines.push(`entity ${name}${above}${from}${inside}`);
  }
  for (const { name, type, standard } of types.settings ?? []) {
    lines.push(`setting ${name}: ${typeText(type)} = ${visible(JSON.stringify(standard))}`);
  }
  return lines.length === 0 ? ["none"] : lines;
}

function keyText({ key, per, max }: Table): string {
  return `key ${key.join(", ")} max ${max} per ${key.slice(0, per).join(", ")}`;
}

function actionCells({ name, fields }: ActionLayout, { provenance = [] }: Manifest): string[] {
  const shown = fields.map((field) => {
    const said = provenance.find((one) => one.action === name && one.field === field.name);
    return `${field.name}: ${typeText(field.type)}${said === undefined ? "" : ` from ${said.from}`}`;
  });
  return [name, shown.join(", ")];
}

function fieldList(fields: readonly Field[]): string {
  return fields.map(({ name, type }) => `${name}: ${typeText(type)}`).join(", ");
}

function costCells({ action, decodeSteps, ruleSteps, frameBytesMax }: ActionCost): string[] {
  const steps = `${decodeSteps} steps to read`;
  return [action, steps, `${ruleSteps} in its rules`, `frame of ${sizeText(frameBytesMax)}`];
}

function ruleCells({ approval, because, tags = [], ...rule }: RuleEntry): string[] {
  const { verdict, name, actions, line, shadow } = rule;
  const said = because === null ? [] : [`"${templateText(because)}"`];
  const tagged = tags.length === 0 ? [] : [tags.map(tagText).join(" ")];
  const word = shadow ? `shadow ${verdict}` : verdict;
  const released = approval === undefined ? [] : [approvalText(approval)];
  return [word, name, `on ${actions.join(", ")}`, `line ${line}`, ...said, ...released, ...tagged];
}

function approvalText({ group, quorum, withinMs }: ApprovalClause): string {
  const of = group === null ? "a group that the request names" : `${group.type}::${JSON.stringify(group.id)}`;
  return visible(
    `until approved by ${quorum === 1 ? "" : `${quorum} of `}${of} within ${durationText(BigInt(withinMs))}`,
  );
}

function tagText({ name, args }: TagEntry): string {
  const shown = args.map((argument) => (/^\w+$/.test(argument) ? argument : JSON.stringify(argument)));
  return visible(`@${name}${args.length === 0 ? "" : `(${shown.join(", ")})`}`);
}

/** Holes are shown as what they are: the module fills them. */
function templateText({ parts }: TemplateEntry): string {
  return visible(parts.map((part) => part ?? "{…}").join(""));
}

/** What a host has to know before it loads the evaluator, and which rules impose it. */
function obligationLines({ obligations, rules }: Manifest, title: (text: string) => string[]): string[] {
  const rows = obligations.map(({ name, when, arguments: given }) => {
    const imposing = rules.filter(({ obliges }) => obliges.includes(name)).map((rule) => rule.name);
    return [name, when, `{ ${fieldList(given)} }`, imposing.length === 0 ? "" : `by ${imposing.join(", ")}`];
  });
  return rows.length === 0 ? [] : [...title("Obligations"), ...indented(columns(rows))];
}

/** Each of them is a place where leaving a field out may loosen the answer: reviewers look here first. */
function absentOkLines(rules: readonly RuleEntry[], title: (text: string) => string[]): string[] {
  const rows = rules.flatMap(({ name, absentOk }) =>
    absentOk.map(({ path, why }) => [name, path, visible(why)]),
  );
  return rows.length === 0 ? [] : [...title("May be left out (@absent_ok)"), ...indented(columns(rows))];
}

function indented(lines: readonly string[]): string[] {
  return lines.map((line) => `  ${line}`);
}
