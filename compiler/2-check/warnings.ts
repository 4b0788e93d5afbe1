import type { Program } from "../ast.ts";
import type { RuleResult } from "./rules.ts";
import type { World } from "./world.ts";

export function checkProgram(_program: Program, _rules: readonly RuleResult[], _world: World): void {}
