/** `prove`: names and types are right; whether it is true is for a prover to say. */
import type { Name, ProveDeclaration } from "../ast.ts";
import { CHECKS, checkCondition } from "./expressions/expression.ts";
import { notProved } from "./messages-definitions.ts";
import { unknownAction } from "./messages-names.ts";
import { NO_ENV, newScope } from "./scope.ts";
import { nearest } from "./suggest.ts";
import type { Fields, World } from "./world.ts";

export function checkProofs(proofs: readonly ProveDeclaration[], world: World): void {
  for (const { actions, condition, span } of proofs) {
    for (const [action, fields] of scopesOf(actions, world)) {
      checkCondition(condition, newScope(world, action, fields, world.definitions, CHECKS), NO_ENV);
    }
    world.report(notProved({ start: span.start, end: span.start + "prove".length }));
  }
}

/** What all actions share has one type everywhere: one look is enough. */
function scopesOf(actions: readonly Name[] | null, world: World): readonly (readonly [string, Fields])[] {
  if (actions === null) return [["*", world.shared]];
  return actions.flatMap((name) => {
    const fields = world.actions.get(name.text);
    if (fields !== undefined) return [[name.text, fields] as const];
    world.report(unknownAction(name, nearest(name.text, world.actions.keys())));
    return [];
  });
}
