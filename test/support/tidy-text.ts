import { closingBrace, codeOnly, lineAt } from "./code-only.ts";
import type { Finding, ProjectFile, Rule } from "./tidy.ts";

const LINES_MAX = 400;
const COLUMNS_MAX = 110;

/** Base classes that libraries demand; everything else is plain data and functions. */
const CLASS_BASES = /^(?:EmbeddedActionsParser|Error|RangeError|SyntaxError|TypeError)$/;

/** Stories told by machines, and names that a tool or a custom prescribes. */
const FREE_NAMES = /^(?:test\/(?:golden|vectors)\/|docs\/errors\/POL\d{4}\.md$)/;
const CUSTOMARY_NAMES = /^(?:[A-Z]+(?:\.md)?|\.[a-z.-]+|[a-z0-9-]+\.tmLanguage\.json)$/;
const KEBAB_CASE = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+)*$/;

export const textRules: readonly (readonly [string, Rule])[] = [
  ["file length", (file) => (isSource(file) ? fileLength(file) : [])],
  ["line width", (file) => (isSource(file) ? lineWidth(file) : [])],
  ["kebab-case", kebabCase],
  ["classes", (file) => (isTypeScript(file) ? classes(file) : [])],
  ["exhaustive switch", (file) => (isTypeScript(file) ? exhaustiveSwitch(file) : [])],
  ["checked casts", (file) => (isTypeScript(file) ? checkedCasts(file) : [])],
  ["leftovers", (file) => (isSource(file) || file.path.endsWith(".md") ? leftovers(file) : [])],
];

/** A checked program comes from the checker: nothing else may claim to have one. */
function checkedCasts({ path, text }: ProjectFile): Finding[] {
  if (path.startsWith("compiler/2-check/") || path.startsWith("test/")) return [];
  const findings: Finding[] = [];
  for (const match of codeOnly(text).matchAll(/\bas Checked\b|<Checked>\s*\(?\{/g)) {
    findings.push({ line: lineAt(text, match.index), message: "a cast to Checked; call the checker" });
  }
  return findings;
}

function fileLength({ text }: ProjectFile): Finding[] {
  const lines = text.replace(/\n$/, "").split("\n").length;
  return lines > LINES_MAX ? [{ line: lines, message: `${lines} lines, at most ${LINES_MAX}` }] : [];
}

function lineWidth({ text }: ProjectFile): Finding[] {
  const findings: Finding[] = [];
  for (const [index, line] of text.split("\n").entries()) {
    const columns = [...line].length;
    if (columns > COLUMNS_MAX) {
      findings.push({ line: index + 1, message: `${columns} columns, at most ${COLUMNS_MAX}` });
    }
  }
  return findings;
}

function kebabCase({ path }: ProjectFile): Finding[] {
  if (FREE_NAMES.test(path)) return [];
  const wrong = path.split("/").find((name) => !KEBAB_CASE.test(name) && !CUSTOMARY_NAMES.test(name));
  return wrong === undefined ? [] : [{ line: 0, message: `${wrong} is not kebab-case` }];
}

function classes({ path, text }: ProjectFile): Finding[] {
  const findings: Finding[] = [];
  for (const match of codeOnly(text).matchAll(
    /\bclass(?=\s)(?:\s+(?!extends\b)\w+)?(?:\s+extends\s+(\w+))?[^{;]*\{/g,
  )) {
    const base = match[1] ?? "";
    const isMisplacedParser = base.endsWith("Parser") && !path.startsWith("grammar/");
    if (CLASS_BASES.test(base) && !isMisplacedParser) continue;
    findings.push({ line: lineAt(text, match.index), message: "a class where plain data and functions do" });
  }
  return findings;
}

function exhaustiveSwitch({ text }: ProjectFile): Finding[] {
  const code = codeOnly(text);
  const findings: Finding[] = [];
  for (const match of code.matchAll(/\bswitch\s*\([^{]*\bkind\s*\)\s*\{/g)) {
    const open = match.index + match[0].length - 1;
    const body = code.slice(open, closingBrace(code, open));
    if (!/\bunreachable\s*\(/.test(body)) {
      findings.push({
        line: lineAt(text, match.index),
        message: "a switch over `kind` without unreachable()",
      });
    }
  }
  return findings;
}

/** The pattern is written so that it does not find itself. */
function leftovers({ text }: ProjectFile): Finding[] {
  const findings: Finding[] = [];
  for (const match of text.matchAll(/\b(?:TO[D]O|FIX[M]E|X[X]X)\b/g)) {
    findings.push({
      line: lineAt(text, match.index),
      message: `${match[0]}: do it, or write it down elsewhere`,
    });
  }
  for (const match of text.matchAll(/^(?:<{7}|>{7}) /gm)) {
    findings.push({ line: lineAt(text, match.index), message: "a merge that was not finished" });
  }
  return findings;
}

function isSource({ path }: ProjectFile): boolean {
  return /\.[jt]s$/.test(path);
}

/** Declarations describe what others made, and the prelude is AssemblyScript with customs of its own. */
function isTypeScript({ path }: ProjectFile): boolean {
  return path.endsWith(".ts") && !path.endsWith(".d.ts") && !path.startsWith("compiler/4-emit/prelude/");
}
