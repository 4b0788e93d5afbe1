/**
 * Reads a page of the specification: Markdown in which each `pol` fence is a whole program, and the
 * fences `facts`, `requests` and `facts.…` (facts to be refused with that code) that follow it belong to
 * it. Fences `pol file=types.pol` before it are files that it may import. Fences `pol member=guard` in a row
 * are the members of one policy set (`pol member=guard shadow`: one that does not count); `set.action` behind
 * them has the message with which the set is refused. Everything else is prose.
 */

export interface SpecCase {
  readonly file: string;
  readonly heading: string;
  /** Of the program's fence, from 1; the program's first line is the next one. */
  readonly line: number;
  readonly program: string;
  /** Of a policy set; empty where the case is one program. */
  readonly members: readonly SpecMember[];
  /** Why the set must be refused; null where it must not. */
  readonly setRefusal: { readonly line: number; readonly code: string; readonly message: string } | null;
  readonly imported: readonly SpecFile[];
  readonly diagnostics: readonly ExpectedDiagnostic[];
  /** A facts file's JSON; null where there is no such fence. */
  readonly facts: unknown;
  readonly requests: readonly SpecRequest[];
  readonly refusals: readonly SpecRefusal[];
  /** Of docs/spec.md, from the line `Spec: 5.6.1 5.6.2` that stands last above it under its heading. */
  readonly clauses: readonly string[];
}

export interface SpecMember {
  readonly name: string;
  readonly shadow: boolean;
  readonly line: number;
  readonly text: string;
}

/** A file beside the program; `line` is that of its fence. */
export interface SpecFile {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** Facts that must be refused. */
export interface SpecRefusal {
  readonly line: number;
  readonly code: string;
  readonly facts: unknown;
}

/** From a comment at the end of the line that it is about: `// error: POL1002 "underlined text"`. */
export interface ExpectedDiagnostic {
  /** Of the page. */
  readonly line: number;
  readonly severity: string;
  readonly code: string;
  readonly underlined: string;
}

/** One line of a `requests` fence: what is expected, and a request in the form of a request file. */
export interface SpecRequest {
  readonly line: number;
  /** As in the table of a test: `deny by a, b`, `deny with no_rule`. */
  readonly expect: string;
  /** Rendered; null where the line does not say. */
  readonly reasons: readonly string[] | null;
  readonly notes: readonly string[] | null;
  /** Shadow rules that fired or erred. */
  readonly shadow: readonly string[] | null;
  /** As in a decision; null where the line does not say. */
  readonly obligations: readonly unknown[] | null;
  /** Of a set: what some members say themselves, by name, as `expect` has it without rules. */
  readonly members: Readonly<Record<string, string>> | null;
  readonly request: Readonly<Record<string, unknown>>;
}

interface Fence {
  readonly language: string;
  readonly heading: string;
  readonly line: number;
  readonly lines: readonly string[];
  readonly clauses: readonly string[];
}

/** When a request does not say it. */
const NOW = "2026-11-22T10:00:00Z";

/**
 * Throws where the page itself is wrong: an unclosed fence, facts without a program, a line that is no
 * JSON.
 */
export function readPage(file: string, text: string): readonly SpecCase[] {
  const cases: SpecCase[] = [];
  let beside: Fence[] = [];
  for (const fence of fencesOf(file, text)) {
    if (fence.language.startsWith("pol file=")) {
      beside.push(fence);
      continue;
    }
    if (fence.language === "pol") {
      cases.push(programCase(file, fence, beside));
      beside = [];
      continue;
    }
    const member = memberOf(fence);
    if (member !== null) {
      const open = cases.at(-1);
      if (beside.length === 0 && open !== undefined && isOpenSet(open)) {
        cases.push(withMember(cases.pop() as SpecCase, member));
      } else {
        cases.push(withMember(programCase(file, { ...fence, lines: [] }, beside), member));
        beside = [];
      }
      continue;
    }
    const last = cases.pop();
    if (last === undefined) throw new Error(`${file}:${fence.line}: ${fence.language} before any program`);
    cases.push(withFence(file, last, fence));
  }
  return cases;
}

const MEMBER = /^pol member=(\S+?)( shadow)?$/;

function memberOf(fence: Fence): SpecMember | null {
  const [, name, shadow] = MEMBER.exec(fence.language) ?? [];
  if (name === undefined) return null;
  return { name, shadow: shadow !== undefined, line: fence.line, text: textOf(fence) };
}

function withMember(spec: SpecCase, member: SpecMember): SpecCase {
  return { ...spec, program: `${spec.program}${member.text}`, members: [...spec.members, member] };
}

/** Nothing but members was said of it yet. */
function isOpenSet({ members, facts, requests, refusals, setRefusal }: SpecCase): boolean {
  const isAsked = facts !== null || requests.length > 0 || refusals.length > 0 || setRefusal !== null;
  return members.length > 0 && !isAsked;
}

function withFence(file: string, spec: SpecCase, fence: Fence): SpecCase {
  if (fence.language === "requests")
    return { ...spec, requests: [...spec.requests, ...requestsOf(file, fence)] };
  if (fence.language.startsWith("set.")) {
    const message = fence.lines.join("\n");
    return { ...spec, setRefusal: { line: fence.line, code: fence.language, message } };
  }
  const facts = parseJson(file, fence.line, fence.lines.join("\n"));
  if (fence.language === "facts") return { ...spec, facts };
  return { ...spec, refusals: [...spec.refusals, { line: fence.line, code: fence.language, facts }] };
}

function fencesOf(file: string, text: string): readonly Fence[] {
  const fences: Fence[] = [];
  let heading = "";
  let clauses: readonly string[] = [];
  let open: { language: string; line: number; lines: string[] } | undefined;
  for (const [index, line] of text.split("\n").entries()) {
    if (open === undefined) {
      const title = /^#+ (.*)$/.exec(line)?.[1];
      if (title !== undefined) [heading, clauses] = [title, []];
      clauses = /^Spec:((?: \d+\.\d+(?:\.\d+)?)+)$/.exec(line)?.[1]?.trim().split(" ") ?? clauses;
      const language = /^```(.*)$/.exec(line)?.[1];
      if (language !== undefined) open = { language, line: index + 1, lines: [] };
    } else if (line === "```") {
      if (
        /^(?:pol(?: (?:file|member)=\S+(?: shadow)?)?|requests|set\.\w+|facts(?:\.\w+)?)$/.test(open.language)
      ) {
        fences.push({ ...open, heading, clauses });
      }
      open = undefined;
    } else {
      open.lines.push(line);
    }
  }
  if (open !== undefined) throw new Error(`${file}:${open.line}: the fence is never closed`);
  return fences;
}

function programCase(file: string, fence: Fence, beside: readonly Fence[]): SpecCase {
  const { heading, line, clauses } = fence;
  const diagnostics = [...beside, fence].flatMap((one) =>
    one.lines.flatMap((text, index) => diagnosticsOf(text, one.line + 1 + index)),
  );
  const imported = beside.map((one) => ({
    file: one.language.slice("pol file=".length),
    line: one.line,
    text: textOf(one),
  }));
  const nothing = { members: [], setRefusal: null, facts: null, requests: [], refusals: [] };
  return { file, heading, line, program: textOf(fence), imported, diagnostics, ...nothing, clauses };
}

function textOf({ lines }: Fence): string {
  return `${lines.join("\n")}\n`;
}

function diagnosticsOf(text: string, line: number): readonly ExpectedDiagnostic[] {
  const found: ExpectedDiagnostic[] = [];
  for (const match of text.matchAll(/\/\/ (error|warning): (POL\d{4}) ("(?:[^"\\]|\\.)*")/g)) {
    const [, severity = "", code = "", underlined = ""] = match;
    found.push({ line, severity, code, underlined: JSON.parse(underlined) as string });
  }
  return found;
}

function requestsOf(file: string, fence: Fence): readonly SpecRequest[] {
  return fence.lines.map((text, index) => {
    const line = fence.line + 1 + index;
    const {
      expect,
      reasons = null,
      notes = null,
      shadow = null,
      obligations = null,
      members = null,
      without,
      ...request
    } = parseJson(file, line, text) as RequestLine;
    const complete = new Map(Object.entries({ now: NOW, ...request }));
    if (without !== undefined) complete.delete(without);
    const whole = Object.fromEntries(complete);
    return { line, expect, reasons, notes, shadow, obligations, members, request: whole };
  });
}

interface RequestLine {
  readonly expect: string;
  readonly reasons?: readonly string[];
  readonly notes?: readonly string[];
  readonly shadow?: readonly string[];
  readonly obligations?: readonly unknown[];
  readonly members?: Readonly<Record<string, string>>;
  /** Leaves out what would be filled in. */
  readonly without?: string;
  readonly [key: string]: unknown;
}

function parseJson(file: string, line: number, text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new Error(`${file}:${line}: no JSON: ${String(error)}`);
  }
}
