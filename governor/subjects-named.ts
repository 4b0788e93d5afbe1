/** Whom a request is about that was asked outside of any execution. */
import type { Party } from "@polity/lineage/entry.ts";

/** A field that names who acts, with its entity type. */
export interface SubjectField {
  readonly field: string;
  readonly entity: string;
}

/** Whoever is named in another way than by an id is nobody here: the evaluator refuses that. */
export function subjectsNamed(fields: unknown, subjects: readonly SubjectField[]): readonly Party[] {
  return subjects.flatMap(({ field, entity }) => {
    const id = isNamed(fields, field) ? fields[field] : undefined;
    return typeof id === "string" ? [{ type: entity, id }] : [];
  });
}

export function isNamed(fields: unknown, name: string): fields is Record<string, unknown> {
  return typeof fields === "object" && fields !== null && Object.hasOwn(fields, name);
}
