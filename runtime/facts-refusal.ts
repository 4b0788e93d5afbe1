export type FactsCode =
  | "facts.invalid"
  | "facts.too_large"
  | "facts.out_of_range"
  | "facts.unknown_type"
  | "facts.duplicate_id"
  | "facts.unknown_parent"
  | "facts.unknown_entity"
  | "facts.cycle"
  | "facts.missing_attribute"
  | "facts.unknown_attribute"
  | "facts.missing_entity"
  | "facts.unknown_setting"
  | "facts.unknown_table"
  | "facts.duplicate_key"
  | "facts.too_many_rows"
  | "facts.damaged"
  | "facts.layout";

export interface EntityName {
  readonly type: string;
  readonly id: string;
}

/** Why a snapshot is not used at all, and at which entity that was seen. */
export interface FactsRefusal {
  readonly code: FactsCode;
  readonly message: string;
  readonly entity: EntityName | null;
}

const FAULTS: ReadonlyMap<string, string> = new Map([
  ["input.missing", "is missing"],
  ["input.invalid", "is not of its type"],
  ["input.out_of_range", "is out of range"],
  ["input.too_large", "is too large"],
]);

/** `what` (a setting, an attribute, a column) has this refusal; `path` is empty where it is all of them. */
export function faultOf(what: string, path: string, code: string): string {
  if (path === "") return `the ${what}s are no object`;
  const name = `${what} ${JSON.stringify(path)}`;
  return code === "input.unknown_field" ? `there is no ${name}` : `${name} ${FAULTS.get(code) ?? code}`;
}

export function refusal(code: FactsCode, message: string, entity: EntityName | null): FactsRefusal {
  return { code, message, entity };
}

export function noRoom(bytesMax: number): FactsRefusal {
  return refusal("facts.too_large", `the facts take more than ${bytesMax} bytes`, null);
}
