import type { Access, Ask } from "../access.ts";
import { load } from "./load.ts";
import { CONDITION } from "./rule.ts";

interface Environment {
  readonly registerVariable: (name: string, type: string) => Environment;
  readonly parse: (expression: string) => (context: Access) => unknown;
}

interface CelJs {
  readonly Environment: new () => Environment;
}

/** Parsed once, with declared types. */
export async function open(): Promise<Ask> {
  const { Environment } = await load<CelJs>("@marcbachmann/cel-js");
  const environment = new Environment().registerVariable("locked", "bool");
  for (const name of ["role", "owner", "user", "verb"]) environment.registerVariable(name, "string");
  const allows = environment.parse(CONDITION);
  return (request) => allows(request) === true;
}
