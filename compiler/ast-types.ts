/** Types as they are written. */
import type { Expr, Name } from "./ast.ts";
import type { Span } from "./source.ts";

export type TypeNode =
  /** `bool int decimal string path timestamp duration`, an enum, a record or an entity. */
  | {
      readonly kind: "named";
      readonly name: Name;
      /** `ref User` */
      readonly ref: boolean;
      /** `string id` */
      readonly id: boolean;
      /** `int 0..100`, `decimal 0.01..1_000_000`: as written, both literals (with sign). */
      readonly range: { readonly from: Expr; readonly to: Expr } | null;
      /** `string max 256` */
      readonly max: bigint | null;
      readonly span: Span;
    }
  | {
      readonly kind: "collection";
      readonly shape: "list" | "set" | "map";
      readonly of: TypeNode;
      readonly min: bigint | null;
      readonly max: bigint | null;
      readonly span: Span;
    }
  | { readonly kind: "optional"; readonly of: TypeNode; readonly span: Span };
