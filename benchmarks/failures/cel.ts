/** CEL has conditions and no rules: what denies is the host's `!`. */
import { load } from "../peers/load.ts";
import { type Answer, type Engine, isText, type Policy, yesOrNo } from "./engine.ts";

interface Environment {
  readonly registerVariable: (name: string, type: string) => Environment;
  readonly check: (expression: string) => { readonly valid: boolean; readonly error?: Error };
  readonly parse: (expression: string) => (context: unknown) => unknown;
}

interface CelJs {
  readonly Environment: new () => Environment;
}

function expressionOf({ effect, condition }: Policy): string | null {
  if (effect === "Deny") return null;
  return effect === "allow" ? condition : `!(${condition})`;
}

function answerOf(value: unknown): Answer {
  return typeof value === "boolean" ? yesOrNo(value) : "error";
}

/** Numbers of JSON are doubles to it. */
export const CEL_JS: Engine = {
  name: "cel-js",
  form: "declared types, checked before",
  open: async (policy) => {
    const { Environment } = await load<CelJs>("@marcbachmann/cel-js");
    const expression = expressionOf(policy);
    if (expression === null) return null;
    const environment = new Environment();
    for (const field of policy.fields)
      environment.registerVariable(field, isText(field) ? "string" : "double");
    const { valid, error } = environment.check(expression);
    if (!valid) throw error;
    const evaluate = environment.parse(expression);
    return (request) => answerOf(evaluate(request));
  },
};

interface Cel {
  readonly celEnv: () => object;
  readonly parse: (expression: string) => object;
  readonly plan: (environment: object, expression: object) => (variables: unknown) => unknown;
}

/** It plans what it cannot resolve as well as what it can. */
export const BUFBUILD_CEL: Engine = {
  name: "bufbuild-cel",
  form: "planned",
  open: async (policy) => {
    const { celEnv, parse, plan } = await load<Cel>("@bufbuild/cel");
    const expression = expressionOf(policy);
    if (expression === null) return null;
    const evaluate = plan(celEnv(), parse(expression));
    return (request) => answerOf(evaluate(request));
  },
};
