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
  | "facts.too_many_rows";

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

export function refusal(code: FactsCode, message: string, entity: EntityName | null): FactsRefusal {
  return { code, message, entity };
}
