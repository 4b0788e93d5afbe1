/** Every policy that compiles is an action of one evaluator, since assembling takes a second or two each. */
import { compile } from "@polity/compiler/pipeline.ts";
import { buildEvaluator } from "@polity/compiler/wasm.ts";
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import { type Host, parseJson } from "@polity/runtime/index.ts";
import { HEADER } from "../header.ts";
import { SECTIONS } from "./cases.ts";
import { type Engine, isText, type Policy } from "./engine.ts";

const HEAD = "polity 1\npolicy failures version 1\n";

function rulesOf({ effect, condition, fields }: Policy, action: string): string {
  const declared = fields.map((field) => `${field}: ${isText(field) ? "string" : "int"}`).join(", ");
  const all = effect === "allow" ? "" : `allow all_${action} on ${action} always\n`;
  return `action ${action} { ${declared} }\n${all}${effect} rule_${action} on ${action} when ${condition}\n`;
}

/** Throws the codes of the compiler's messages. */
function compiledPolity(text: string) {
  const { value, diagnostics } = compile({ file: "failures.pol", text });
  if (value !== null) return value;
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  throw new Error(errors.map(({ code }) => code).join(" "));
}

export async function openPolity(text: string, facts?: string): Promise<Host> {
  const { wasm } = await buildEvaluator(compiledPolity(text));
  const loaded = await loadUnsigned(wasm, facts === undefined ? {} : { facts });
  if (!loaded.ok) throw new Error(loaded.code);
  return loaded.host;
}

const policies = [...new Set(SECTIONS.flatMap(({ cases }) => cases.map(({ policy }) => policy)))];
let whole: Promise<Host> | null = null;

function openWhole(): Promise<Host> {
  const accepted = policies.map((policy, at) => rulesOf(policy, `pay_${at}`)).filter(isAccepted);
  return openPolity(HEAD + accepted.join(""));
}

function isAccepted(rules: string): boolean {
  try {
    return compiledPolity(HEAD + rules) !== null;
  } catch {
    return false;
  }
}

export const POLITY: Engine = {
  name: "polity",
  form: "compiled and loaded",
  open: async (policy) => {
    const action = `pay_${policies.indexOf(policy)}`;
    compiledPolity(HEAD + rulesOf(policy, action));
    whole ??= openWhole();
    const host = await whole;
    return (request) => {
      const { verdict, code } = host.decide(action, request, HEADER);
      return verdict === "allow" ? "allow" : `${verdict} ${code}`;
    };
  },
  read: (text) => {
    const parsed = parseJson(text);
    if (!parsed.ok) throw new Error(parsed.message);
    return parsed.value;
  },
};
