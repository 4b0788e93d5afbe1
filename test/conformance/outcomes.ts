/** What becomes of each case on both engines, and why where it is not the same. */
import type { Diagnostic } from "@polity/compiler/diagnostic.ts";
import { compile } from "@polity/compiler/pipeline.ts";
import type { Outcome } from "@polity/runtime/decision.ts";
import { HEADER } from "../support/asking.ts";
import { openEngines } from "../support/both-engines.ts";
import { compiled } from "../support/compiled.ts";
import type { CelCase } from "./cases.ts";
import { readCel } from "./cel.ts";
import { type Translation, translate } from "./translate.ts";

export type Sort = "agreed" | "differs" | "not expressible" | "unexplained";

export interface Judged {
  readonly one: CelCase;
  readonly sort: Sort;
  /** A clause of docs/spec.md and what it says, or what the language does not say. */
  readonly why: string;
}

/** Cases in one program: assembling many is slow, assembling each slower. */
const BATCH = 100;

export async function judgeCases(cases: readonly CelCase[]): Promise<readonly Judged[]> {
  const judged = new Map<CelCase, Judged>();
  const asked: { readonly one: CelCase; readonly translation: Translation }[] = [];
  for (const one of cases) {
    const translation = translated(one);
    if (typeof translation === "string") {
      judged.set(one, { one, sort: "not expressible", why: translation });
      continue;
    }
    const tried = tryOut(translation);
    if (Array.isArray(tried)) judged.set(one, judgeRefusal(one, tried));
    else asked.push({ one, translation: tried });
  }
  for (let at = 0; at < asked.length; at += BATCH) {
    const batch = asked.slice(at, at + BATCH);
    const answers = await answersOf(batch.map(({ translation }) => translation));
    for (const [index, { one }] of batch.entries()) {
      const answer = answers[index];
      if (answer !== undefined) judged.set(one, judgeAnswer(one, answer));
    }
  }
  return cases.flatMap((one) => judged.get(one) ?? []);
}

function translated(one: CelCase): Translation | string {
  const read = readCel(one.expression);
  if (read === null) return "forms that are not read here";
  try {
    return translate(read, one.value, one.bindings);
  } catch (error) {
    const why = /^not expressible: (.*)$/s.exec(error instanceof Error ? error.message : "")?.[1];
    if (why === undefined) throw error;
    return why;
  }
}

/** As it can be compiled, or why it cannot. */
function tryOut(translation: Translation): Translation | Diagnostic[] {
  const { value, diagnostics } = compile({ file: "case.pol", text: programOf([translation]) });
  if (value !== null) return translation;
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  const empty = errors.flatMap(({ code, message }) =>
    code === "POL3006" ? (/^`(\w+)`/.exec(message)?.slice(1) ?? []) : [],
  );
  if (empty.length === 0 || translation.absentOk.length > 0) return errors;
  return tryOut({ ...translation, absentOk: [...new Set(empty)] });
}

function programOf(translations: readonly Translation[]): string {
  const parts = translations.flatMap(({ condition, fields, absentOk }, index) => {
    const declared = [...fields].map(([name, { type }]) => `${name}: ${type}`);
    return [
      `action case${index} { ${declared.join(", ")} }`,
      `allow as_expected${index} on case${index} when ${condition}`,
      ...absentOk.map((name) => `  @absent_ok(${name}, "as CEL has it")`),
    ];
  });
  return ["polity 1", "policy cel.conformance version 1", ...parts, ""].join("\n");
}

/** Both engines must say the same. */
async function answersOf(translations: readonly Translation[]): Promise<readonly Outcome[]> {
  const open = await openEngines(compiled(programOf(translations)));
  const engines = await open({ entities: [] });
  if ("refused" in engines) throw new Error(engines.refused);
  return translations.map(({ fields }, index) => {
    const given = Object.fromEntries([...fields].map(([name, { json }]) => [name, json]));
    const { wasm, reference } = engines.ask({ action: `case${index}`, fields: given, header: HEADER });
    const [a, b] = [wasm, reference].map(({ verdict, code, rules }) =>
      JSON.stringify([verdict, code, rules]),
    );
    if (a !== b) throw new Error(`the engines disagree about ${translations[index]?.condition}: ${a}, ${b}`);
    return wasm;
  });
}

function judgeAnswer(one: CelCase, { verdict, code }: Outcome): Judged {
  const isError = code.startsWith("error.") || code.startsWith("input.");
  if (one.value === null && isError) return { one, sort: "agreed", why: `an error, \`${code}\`` };
  if (one.value !== null && verdict === "allow") return { one, sort: "agreed", why: "" };
  const why = differenceOf(one, code);
  return why === null ? { one, sort: "unexplained", why: code } : { one, sort: "differs", why };
}

function differenceOf({ expression, value }: CelCase, code: string): string | null {
  if (value !== null && code.startsWith("error.")) {
    if (/\.(?:all|exists)\(/.test(expression))
      return "5.8.1: members are met in order, and the first error stays";
    if (/&&|\|\|/.test(expression)) return "5.3.1: from left to right, and the first error stays";
  }
  if (value === null && code === "rule" && /timestamp|duration/.test(expression)) {
    return "5.5.3: what is reckoned with times is bounded by 64 bits only";
  }
  return null;
}

function judgeRefusal(one: CelCase, errors: readonly Diagnostic[]): Judged {
  const [first] = errors;
  const shown = `\`${first?.code}\`: ${first?.message}`;
  if (one.value === null) return { one, sort: "agreed", why: `refused when compiled, ${shown}` };
  const why = REFUSALS.find(([code, text]) => first?.code === code && first.message.includes(text))?.[2];
  return why === undefined ? { one, sort: "unexplained", why: shown } : { one, sort: "differs", why };
}

/** By code and a part of the message. */
const REFUSALS: readonly (readonly [code: string, text: string, why: string])[] = [
  ["POL2002", "`==` ", "5.4.1: what is compared has one type"],
  ["POL2002", "`!=` ", "5.4.1: what is compared has one type"],
  ["POL2002", "`<", "5.4.2: texts and truth values have no order"],
  ["POL2002", "`>", "5.4.2: texts and truth values have no order"],
  ["POL2002", "`in` ", "5.6.1: a member has the type of its collection"],
  ["POL2002", "`and` ", "5.3.2: a condition is a `bool`"],
  ["POL2002", "`or` ", "5.3.2: a condition is a `bool`"],
  ["POL2002", "`if` ", "5.3.3: what is chosen from has one type"],
  ["POL2001", "expected `bool`", "5.3.2: a condition is a `bool`"],
  ["POL2202", "", "5.11.5: what is no regular expression is refused"],
];
