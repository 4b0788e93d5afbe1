/** Constants as words of memory, each found relative to its own slot, so that they need no relocation. */
import { padded, type Type } from "@polity/runtime/layout.ts";
import type { EntityValue, Value } from "../checked.ts";
import type { IrLiteral } from "../ir.ts";

/** Grows while a program is lowered; equal constants share one place. */
export interface LiteralPool {
  readonly literals: IrLiteral[];
  readonly byKey: Map<string, number>;
  /** Indices of the literals that stand for entities, by type and id. */
  readonly entityTypes: ReadonlyMap<string, number>;
}

export function literalPool(entityTypes: readonly string[]): LiteralPool {
  return {
    literals: [],
    byKey: new Map(),
    entityTypes: new Map(entityTypes.map((name, index) => [name, index])),
  };
}

export function textLiteral(pool: LiteralPool, text: string): number {
  return intern(pool, `text:${text}`, () => ({
    words: textWords(text, 8),
    comment: JSON.stringify(text),
    entity: null,
    patches: [],
  }));
}

/** Its first word becomes the address of the record; the slot of its id follows. */
export function entityLiteral(pool: LiteralPool, value: EntityValue): number {
  return intern(pool, `entity:${value.type}:${value.id}`, () => ({
    words: [0n, ...textWords(value.id, 8)],
    comment: `${value.type}::${JSON.stringify(value.id)}`,
    entity: pool.entityTypes.get(value.type) ?? 0,
    patches: [],
  }));
}

export function collectionLiteral(
  pool: LiteralPool,
  type: Type & { kind: "list" | "set" },
  values: readonly Value[],
): number {
  const shown = values.map((value) => show(value));
  const key = `${type.kind}:${type.of.kind}:${JSON.stringify(shown)}`;
  const known = pool.byKey.get(key);
  if (known !== undefined) return known;
  const slots: bigint[] = [];
  const rest: bigint[] = [];
  const patches: { offset: number; literal: number }[] = [];
  for (const [index, value] of values.entries()) {
    const slotAt = 8 + index * 8;
    const restAt = 8 + values.length * 8 + rest.length * 8;
    if (typeof value === "string") {
      const words = textWords(value, restAt - slotAt);
      slots.push(words[0] ?? 0n);
      rest.push(...words.slice(1));
    } else if (isEntity(value)) {
      slots.push(0n);
      patches.push({ offset: slotAt, literal: entityLiteral(pool, value) });
    } else {
      slots.push(scalarWord(value));
    }
  }
  const comment = type.kind === "set" ? `{ ${shown.join(", ")} }` : `[${shown.join(", ")}]`;
  const words = [slotWord(values.length === 0 ? 0 : 8, values.length), ...slots, ...rest];
  return intern(pool, key, () => ({ words, comment, entity: null, patches }));
}

export function intern(pool: LiteralPool, key: string, make: () => IrLiteral): number {
  const known = pool.byKey.get(key);
  if (known !== undefined) return known;
  const literal = make();
  pool.byKey.set(key, pool.literals.length);
  return pool.literals.push(literal) - 1;
}

function isEntity(value: Value): value is EntityValue {
  return typeof value === "object" && "id" in value && "type" in value;
}

/** bool, number or enum member, as the word of its slot. */
function scalarWord(value: Value): bigint {
  if (typeof value === "boolean") return value ? 1n : 0n;
  if (typeof value === "bigint") return BigInt.asUintN(64, value);
  if (typeof value === "object" && "member" in value) return BigInt(value.member);
  throw new Error("not a plain value");
}

function slotWord(relative: number, length: number): bigint {
  return (BigInt(length) << 32n) | BigInt(relative);
}

/** The slot, then the text in words padded with zeros; `relative` is from the slot to the text. */
function textWords(text: string, relative: number): bigint[] {
  const bytes = new TextEncoder().encode(text);
  const words = [slotWord(bytes.length === 0 ? 0 : relative, bytes.length)];
  const view = new DataView(new ArrayBuffer(padded(bytes.length)));
  for (const [index, byte] of bytes.entries()) view.setUint8(index, byte);
  for (let at = 0; at < view.byteLength; at += 8) words.push(view.getBigUint64(at, true));
  return words;
}

function show(value: Value): string {
  if (typeof value === "string") return JSON.stringify(value);
  if (isEntity(value)) return `${value.type}::${JSON.stringify(value.id)}`;
  return scalarWord(value).toString();
}
