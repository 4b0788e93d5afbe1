/** Random obligations as they are declared. */
import type { Field, Type } from "@polity/runtime/layout.ts";
import { printType } from "./print-type.ts";
import type { Random } from "./random.ts";

export interface GeneratedObligation {
  readonly name: string;
  readonly phase: string;
  readonly parameters: readonly Field[];
}

/** Some parameters have the very types of fields, so that fields fit them. */
export function generateObligations(
  random: Random,
  fieldsOf: (prefix: string, count: number) => readonly Field[],
  actions: readonly { readonly fields: readonly { readonly type: Type }[] }[],
): readonly GeneratedObligation[] {
  const types = actions.flatMap(({ fields }) => fields.map(({ type }) => type));
  const obligations: GeneratedObligation[] = [];
  for (let n = random.between(0, 3); n > 0; n -= 1) {
    const parameters = fieldsOf("p", random.between(0, 4)).map(({ name, type }) => {
      return { name, type: random.chance(0.6) ? random.pick(types) : type };
    });
    const phase = random.pick(["", " before", " after", " after", " advice"]);
    obligations.push({ name: `o${n}`, phase, parameters });
  }
  return obligations;
}

export function printObligation({ name, phase, parameters }: GeneratedObligation): string {
  const fields = parameters.map((field) => `${field.name}: ${printType(field.type)}`).join(", ");
  return `obligation ${name}${phase}${fields === "" ? "" : ` { ${fields} }`}`;
}
