/** Diagnostics as text for people and as data for tools. */
import type { Diagnostic } from "@polity/compiler/diagnostic.ts";
import type { Span } from "@polity/compiler/source.ts";
import { displayWidth } from "./display-width.ts";
import { type LineIndex, lineText, positionIn } from "./line-index.ts";
import type { Paint } from "./terminal.ts";
import { plural, visible } from "./words.ts";

/** A file that was checked: `path` as the user wrote it. */
export interface Finding {
  readonly path: string;
  readonly lines: LineIndex;
  readonly diagnostics: readonly Diagnostic[];
}

/** Frames beyond this number help nobody: the rest is counted. */
const FRAMES_MAX = 50;
const TAB_COLUMNS = 4;
/** Longer lines are shown from shortly before the place in question. */
const LINE_COLUMNS_MAX = 120;
const COLUMNS_BEFORE = 30;

/** What `--json` prints of all diagnostics. */
export function findingsData(findings: readonly Finding[]) {
  return findings.flatMap((finding) =>
    finding.diagnostics.map((diagnostic) => diagnosticData(finding, diagnostic)),
  );
}

/** Of one: lines and columns from 1, in UTF-16 units, the end exclusive. */
function diagnosticData(finding: Finding, diagnostic: Diagnostic) {
  const { code, severity, message, hint, span } = diagnostic;
  return { code, severity, message, hint, ...placeData(finding, span) };
}

/** Where something stands, in the same units. */
export function placeData({ path, lines }: Finding, span: Span) {
  const { line, column } = positionIn(lines, span.start);
  const end = positionIn(lines, span.end);
  return { file: path, line, column, endLine: end.line, endColumn: end.column };
}

export function lineAt({ lines }: Finding, span: Span): number {
  return positionIn(lines, span.start).line;
}

/** What is written there. */
export function sourceText({ lines }: Finding, span: Span): string {
  return lines.text.slice(span.start, span.end);
}

/** Every diagnostic with the line it is about, errors counted at the end; empty where there is none. */
export function renderFindings(findings: readonly Finding[], paint: Paint): string {
  const frames: string[] = [];
  let all = 0;
  for (const finding of findings) {
    for (const diagnostic of finding.diagnostics) {
      all += 1;
      if (all <= FRAMES_MAX) frames.push(renderFrame(finding, diagnostic, paint));
    }
  }
  if (all === 0) return "";
  if (all > FRAMES_MAX) frames.push(`… and ${all - FRAMES_MAX} more (--json prints them all)\n`);
  return `${frames.join("\n")}\n${summaryLine(findings, paint)}\n`;
}

/** `3 errors, 1 warning in 2 files` */
function summaryLine(findings: readonly Finding[], paint: Paint): string {
  const concerned = findings.filter(({ diagnostics }) => diagnostics.length > 0);
  const severities = concerned.flatMap(({ diagnostics }) => diagnostics.map(({ severity }) => severity));
  const errors = severities.filter((severity) => severity === "error").length;
  const warnings = severities.length - errors;
  const counts = [
    ...(errors > 0 ? [paint("error", plural(errors, "error"))] : []),
    ...(warnings > 0 ? [paint("warning", plural(warnings, "warning"))] : []),
  ];
  const where = findings.length > 1 ? ` in ${plural(concerned.length, "file")}` : "";
  return `${counts.join(", ")}${where}`;
}

function renderFrame(finding: Finding, diagnostic: Diagnostic, paint: Paint): string {
  const { code, severity, message, hint, span } = diagnostic;
  const margin = marginOf(finding, span);
  const frame = [
    `${paint(severity, `${severity}[${code}]`)}${paint("strong", `: ${visible(message)}`)}`,
    ...renderPlace(finding, span, severity, paint),
  ];
  if (hint !== null) frame.push(`${margin} ${paint("hint", "= hint:")} ${visible(hint)}`);
  frame.push(`${margin} ${paint("faint", `= see docs/errors/${code}.md`)}`);
  return `${frame.join("\n")}\n`;
}

/** As wide as the number of the line. */
function marginOf({ lines }: Finding, span: Span): string {
  return " ".repeat(String(positionIn(lines, span.start).line).length);
}

/** Where something stands, with its line and marks below it. */
export function renderPlace(
  finding: Finding,
  span: Span,
  severity: Diagnostic["severity"],
  paint: Paint,
): readonly string[] {
  const { line, column } = positionIn(finding.lines, span.start);
  const end = positionIn(finding.lines, span.end);
  const margin = marginOf(finding, span);
  const bar = paint("faint", `${margin} |`);
  const shown = sourceLine(
    lineText(finding.lines, line),
    column - 1,
    end.line === line ? end.column - 1 : null,
  );
  const place = [
    `${margin}${paint("faint", "-->")} ${visible(finding.path)}:${line}:${column}`,
    bar,
    `${paint("faint", `${line} |`)} ${shown.text}`.trimEnd(),
    `${bar} ${" ".repeat(shown.before)}${paint(severity, "^".repeat(shown.width))}`,
  ];
  return end.line > line ? [...place, `${bar} ${paint("faint", `(to line ${end.line})`)}`] : place;
}

interface ShownLine {
  readonly text: string;
  /** Columns before the marks, and under how many columns marks stand. */
  readonly before: number;
  readonly width: number;
}

/** The line as a terminal shows it, with the place from `start` to `end` (UTF-16 units; null: to its end). */
function sourceLine(line: string, start: number, end: number | null): ShownLine {
  const until = end ?? Math.max(line.trimEnd().length, start + 1);
  let before = printable(line.slice(0, start), 0);
  const marked = printable(line.slice(start, until), displayWidth(before));
  let after = printable(line.slice(until), displayWidth(before) + displayWidth(marked));
  if (displayWidth(before + marked + after) > LINE_COLUMNS_MAX) {
    before = lastColumns(before, COLUMNS_BEFORE);
    after = firstColumns(after, Math.max(0, LINE_COLUMNS_MAX - displayWidth(before + marked)));
  }
  const room = Math.max(LINE_COLUMNS_MAX - displayWidth(before), 1);
  const shown = firstColumns(marked, room);
  return {
    text: shown === marked ? before + marked + after : before + shown,
    before: displayWidth(before),
    width: Math.max(displayWidth(shown), 1),
  };
}

/** Tabs as spaces to the next stop, and nothing that a terminal would obey. */
function printable(text: string, column: number): string {
  let shown = "";
  let width = column;
  for (const char of text) {
    const piece = char === "\t" ? " ".repeat(TAB_COLUMNS - (width % TAB_COLUMNS)) : visible(char);
    shown += piece;
    width += displayWidth(piece);
  }
  return shown;
}

function firstColumns(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let shown = "";
  for (const char of text) {
    if (displayWidth(shown + char) > columns - 1) break;
    shown += char;
  }
  return `${shown}…`;
}

function lastColumns(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let shown = "";
  for (const char of [...text].reverse()) {
    if (displayWidth(char + shown) > columns - 1) break;
    shown = char + shown;
  }
  return `…${shown}`;
}
