import type { RuleDeclaration } from "../ast.ts";
import type { World } from "./world.ts";

export function checkAbsentOk(_rule: RuleDeclaration, _actions: readonly string[], _world: World): void {}
