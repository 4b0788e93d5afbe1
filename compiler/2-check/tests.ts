import type { TestDeclaration } from "../ast.ts";
import type { Test } from "../checked.ts";
import type { RuleResult } from "./rules.ts";
import type { World } from "./world.ts";

export function checkTests(
  _tests: readonly TestDeclaration[],
  _rules: readonly RuleResult[],
  _validFromMs: bigint | null,
  _world: World,
): readonly Test[] | null {
  return [];
}
