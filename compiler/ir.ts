/**
 * The program as the machine sees it: offsets instead of names, addresses instead of values, one function for
 * each rule case and each quantifier. `3-lower` makes it from a checked program, `4-emit` prints it.
 */
import type { Type } from "@polity/runtime/layout.ts";
import type { Manifest } from "@polity/runtime/manifest.ts";
import type { Verdict } from "./ast.ts";
import { unreachable } from "./diagnostic.ts";
import type { IrFamily, IrSubject } from "./ir-families.ts";

export interface Ir {
  readonly manifest: Manifest;
  /** The file with the rules. */
  readonly file: string;
  /** Sorted by name, as in the manifest. */
  readonly entities: readonly IrStruct[];
  /** The records that something refers to, sorted by name. */
  readonly records: readonly IrStruct[];
  readonly actions: readonly IrAction[];
  /** Null where the policy has none. */
  readonly settings: IrStruct | null;
  readonly tables: readonly IrTable[];
  readonly literals: readonly IrLiteral[];
  /** Constants that only rows of families refer to. */
  readonly rowLiterals: readonly IrLiteral[];
  /** Quantifiers, numbered in the order of their first use; a body only calls those with a higher number. */
  readonly quantifiers: readonly IrQuantifier[];
  /** Types of records and collections that are compared; an equality's number is its index. */
  readonly equalities: readonly Type[];
  /** Bytes of each place that holds what an accessor reads of a document. */
  readonly cells: readonly number[];
  readonly hasApprovals: boolean;
  /** Paths and other shaped text, whose canonical form the host must be told. */
  readonly hasPaths: boolean;
  /** Room for the parts of shaped text that expressions read, in bytes. */
  readonly parts: readonly number[];
  readonly hasShadow: boolean;
  /** Time alone can change what some rule says. */
  readonly hasLasts: boolean;
  /** Some entities come with requests. */
  readonly hasCarried: boolean;
  /** The most values for reasons that one decision gives. */
  readonly holesMax: number;
  /** The most obligations that the rules of one action impose, and bytes that their arguments take. */
  readonly imposedMax: number;
  readonly cellsBytes: number;
}

/** Fields with their offsets; those of an entity count from the start of its record. */
export interface IrStruct {
  readonly name: string;
  readonly bytes: number;
  readonly slots: readonly IrSlot[];
}

/** Of a row, which is a record. */
export interface IrTable {
  readonly name: string;
  readonly bytes: number;
  readonly key: readonly IrSlot[];
  readonly per: number;
  readonly max: number;
}

export interface IrSlot {
  readonly name: string;
  readonly type: Type;
  readonly offset: number;
}

export interface IrAction extends IrStruct {
  /** Those that belong to no family. */
  readonly rules: readonly IrRule[];
  readonly subjects: readonly IrSubject[];
  readonly families: readonly IrFamily[];
}

export interface IrRule {
  /** The rule's id. */
  readonly id: number;
  readonly name: string;
  readonly verdict: Verdict;
  /** Where it stands in the source, for the comment above its function. */
  readonly line: number;
  readonly condition: IrExpr;
  readonly mayErr: boolean;
  readonly approval: IrApproval | null;
  readonly shadow: boolean;
  readonly holes: readonly IrHole[];
  readonly obliges: readonly IrOblige[];
  /** What holes and arguments name; null where they name no member that made the rule fire. */
  readonly witness: IrWitness | null;
  /** Whether arguments of obligations do. */
  readonly obligesWitness: boolean;
}

/** The first member that fits, by the first finder that has one: each answers an address, or 0. */
export interface IrWitness {
  readonly id: number;
  readonly finders: readonly IrExpr[];
}

export interface IrOblige {
  /** Its index in the manifest. */
  readonly obligation: number;
  /** Where its arguments lie, 16 bytes each, in the order of the manifest. */
  readonly cells: number;
  /** In the order of evaluation. */
  readonly args: readonly IrArgument[];
}

export interface IrArgument {
  readonly cell: number;
  /** As declared. */
  readonly type: Type;
  readonly held: Held;
  /** Null where nothing is given. */
  readonly value: IrExpr | null;
  /** Whether the value is there; null where it always is. */
  readonly isThere: IrExpr | null;
  readonly mayErr: boolean;
  /** The value may lie outside of the type. */
  readonly isLoose: boolean;
}

export interface IrApproval {
  readonly group: IrExpr;
  readonly mayErr: boolean;
  readonly count: number;
  readonly withinMs: bigint;
}

export interface IrHole {
  readonly template: "because" | "note";
  readonly hole: number;
  readonly type: Type;
  readonly value: IrExpr;
  readonly mayErr: boolean;
}

/**
 * A constant in memory: whole words, found through its own address. Entities are unknown until facts are
 * loaded: `entity` has room for the record's address in its first word, and `patches` say where a collection
 * wants one.
 */
export interface IrLiteral {
  readonly words: readonly bigint[];
  /** What it stands for, as written in the source. */
  readonly comment: string;
  readonly entity: number | null;
  readonly patches: readonly { readonly offset: number; readonly literal: number }[];
}

export interface IrQuantifier {
  readonly op: "any" | "all" | "count" | "sum" | "min" | "max" | "first";
  readonly variable: string;
  readonly id: number;
  /** Variables of enclosing quantifiers that the body reads. */
  readonly captures: readonly number[];
  readonly strideBytes: number;
  readonly body: IrExpr;
  /** Of a sum: each partial one is checked. */
  readonly mayOverflow: boolean;
  readonly mayErr: boolean;
  /** The body reads columns of the row at hand. */
  readonly readsRow: boolean;
}

/** How a value is held: an i64, a boolean, a member's number, a record's address, or a slot's address. */
export type Held = "number" | "bool" | "enum" | "entity" | "slot";

/** The functions of the support library that expressions call. */
export type LibraryFunction =
  | "add"
  | "subtract"
  | "age"
  | "localAt"
  | "localIn"
  | "localYear"
  | "localMonth"
  | "localDay"
  | "localHour"
  | "localMinute"
  | "localSecond"
  | "localWeekday"
  | "multiply"
  | "divide"
  | "remainder"
  | "negate"
  | "multiplyDecimal"
  | "divideDecimal"
  | "between"
  | "rank"
  | "textEqual"
  | "startsWith"
  | "endsWith"
  | "like"
  | "containsText"
  | "takes"
  | "pathWithin"
  | "hostWithin"
  | "hostFits"
  | "hostFitsAny"
  | "ipIn"
  | "ipInAny"
  | PartFunction
  | "below"
  | "belowAny"
  | "carriedBelow"
  | "carriedBelowAny"
  | "exists"
  | "entityNamed"
  | "hasNumber"
  | "hasBool"
  | "hasEnum"
  | "hasText"
  | "hasEntity"
  | "holdsEntity"
  | "belowSet"
  | "oneOf"
  | "countMembers"
  | "entryOf"
  | "documentText"
  | "documentInt"
  | "documentDecimal"
  | "documentBool"
  | "documentSize"
  | "documentHas"
  | "wordsWithin"
  | "wordsMeet"
  | "textsWithin"
  | "textsMeet"
  | "present"
  | "inside"
  | "insideOr"
  | "numberAt"
  | "boolAt"
  | "enumAt"
  | "entityAt"
  | LastsFunction
  | "now"
  | "trust";

/** As what they are named after, for what depends on `now`: they say how long it stays as it is. */
export type LastsFunction =
  | "lastsLess"
  | "lastsAtMost"
  | "lastsEqual"
  | "lastsBetween"
  | "lastsAdd"
  | "lastsSubtract"
  | "lastsAge"
  | "lastsNow"
  | "lastsAt"
  | "lastsIn";

/** They put a part of shaped text into the room that they are given and answer its slot. */
export type PartFunction =
  | "hostIp"
  | "ipVersion"
  | "urlScheme"
  | "urlHost"
  | "urlPort"
  | "urlPath"
  | "urlQuery"
  | "emailLocal"
  | "emailDomain"
  | "imageRegistry"
  | "imageRepository"
  | "imageTag"
  | "imageDigest"
  | "pathSegments";

export type IrExpr =
  | { readonly kind: "bool"; readonly value: boolean }
  | { readonly kind: "number"; readonly value: bigint }
  | { readonly kind: "enum"; readonly member: number; readonly name: string }
  | { readonly kind: "bits"; readonly value: bigint }
  | { readonly kind: "literal"; readonly index: number }
  | { readonly kind: "cell"; readonly index: number }
  /** The address of a setting in the facts. */
  | { readonly kind: "setting"; readonly name: string }
  /** The address of a field of the request. */
  | { readonly kind: "field"; readonly action: string; readonly name: string }
  /** The address of an attribute (`of` is a record's address) or of a record's field (`of` is a slot's). */
  | {
      readonly kind: "offset";
      readonly of: IrExpr;
      readonly owner: "entity" | "record";
      readonly struct: string;
      readonly name: string;
    }
  | { readonly kind: "variable"; readonly id: number }
  /** The address of room for a part of shaped text. */
  | { readonly kind: "part"; readonly index: number }
  | { readonly kind: "call"; readonly to: LibraryFunction; readonly args: readonly IrExpr[] }
  | { readonly kind: "equality"; readonly index: number; readonly left: IrExpr; readonly right: IrExpr }
  /** Whether a member of the collection is equal to `of`, by an equality of its own. */
  | { readonly kind: "search"; readonly index: number; readonly within: IrExpr; readonly of: IrExpr }
  | {
      readonly kind: "quantifier";
      readonly index: number;
      readonly over: IrExpr;
      readonly captures: readonly number[];
      readonly readsRow: boolean;
    }
  /** A constant of the row at hand, extended from as many bytes; `u` without regard to its sign. */
  | {
      readonly kind: "column";
      readonly offset: number;
      readonly bytes: 1 | 2 | 4 | 8;
      readonly held: "number" | "enum" | "bits" | "slot";
    }
  | { readonly kind: "operator"; readonly op: Operator; readonly left: IrExpr; readonly right: IrExpr }
  /** The address of a row, 0 where there is none; or of a collection of rows. */
  | { readonly kind: "lookup" | "rows"; readonly table: number; readonly keys: readonly IrExpr[] }
  | { readonly kind: "not"; readonly of: IrExpr }
  | { readonly kind: "minus"; readonly of: IrExpr }
  | {
      readonly kind: "choose";
      readonly condition: IrExpr;
      readonly value: IrExpr;
      readonly otherwise: IrExpr;
    };

export type Operator = "&&" | "||" | "==" | "!=" | "<" | "<=" | ">" | ">=" | "+" | "-" | "*" | "/" | "%";

/** Types with the same key are compared by the same code: bounds do not matter to equality. */
export function equalityKey(type: Type): string {
  switch (type.kind) {
    case "list":
    case "set":
      return `list<${equalityKey(type.of)}>`;
    case "optional":
    case "map":
    case "entry":
      return `${type.kind}<${equalityKey(type.of)}>`;
    case "record":
    case "enum":
    case "entity":
    case "ref":
      return `${type.kind} ${type.name}`;
    case "bool":
    case "int":
    case "decimal":
    case "timestamp":
    case "duration":
    case "string":
    case "path":
    case "json":
    case "shaped":
      return type.kind;
    default:
      return unreachable(type);
  }
}
