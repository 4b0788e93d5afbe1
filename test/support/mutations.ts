/** Requests with one field changed for the worse, for the mutation oracle. */

export interface Mutation {
  readonly kind: "drop" | "null" | "retype" | "recase";
  /** `payee.account`; members of lists are not told apart: `checks.passed`. */
  readonly path: string;
  readonly fields: unknown;
}

/** Every field of these fields, at any depth: left out, null, of another type, under another name. */
export function mutationsOf(fields: unknown): readonly Mutation[] {
  return [...mutate(fields, "")];
}

function* mutate(value: unknown, path: string): Generator<Mutation> {
  if (Array.isArray(value)) {
    for (const [index, member] of value.entries()) {
      for (const each of mutate(member, path)) yield { ...each, fields: value.with(index, each.fields) };
    }
  } else if (typeof value === "object" && value !== null) {
    for (const [name, inner] of Object.entries(value)) {
      const at = path === "" ? name : `${path}.${name}`;
      const { [name]: _, ...others } = value as Record<string, unknown>;
      yield { kind: "drop", path: at, fields: others };
      yield { kind: "null", path: at, fields: { ...value, [name]: null } };
      for (const other of otherTypes(inner)) {
        yield { kind: "retype", path: at, fields: { ...value, [name]: other } };
      }
      yield { kind: "recase", path: at, fields: { ...others, [recase(name)]: inner } };
      for (const each of mutate(inner, at)) yield { ...each, fields: { ...value, [name]: each.fields } };
    }
  }
}

/** The same thing in another form, or no value of its type; never another value of its type. */
function otherTypes(value: unknown): readonly unknown[] {
  const wrapped = typeof value === "string" ? [value] : String(value);
  const isObject = typeof value === "object" && !Array.isArray(value);
  return isObject ? [wrapped, [], true] : [wrapped, {}, typeof value === "boolean" ? 1 : true];
}

function recase(name: string): string {
  const upper = name.toUpperCase();
  return upper === name ? name.toLowerCase() : upper;
}
