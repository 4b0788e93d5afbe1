/** Tables: keys and bounds; the columns are those of a record. */
import {
  COLLECTION_DEFAULT,
  COLLECTION_MAX,
  KEY_COLUMNS_MAX,
  KEY_KINDS,
  type Table,
} from "@polity/runtime/layout.ts";
import type { Name, TableDeclaration } from "../ast.ts";
import { lengthOfPer, unknownColumn, wrongKeyColumn } from "./messages-entities.ts";
import { boundOutOfLimits, tooMany } from "./messages-types.ts";
import { nearest } from "./suggest.ts";
import { showType } from "./types.ts";
import type { Fields, Report } from "./world.ts";

/** Null after a report. */
export function tableOf(declaration: TableDeclaration, columns: Fields, report: Report): Table | null {
  const { name, key, max, per } = declaration;
  if (key.length > KEY_COLUMNS_MAX) {
    report(tooMany(name.span, "columns in a key", key.length, KEY_COLUMNS_MAX));
    return null;
  }
  const seen = new Set<string>();
  let isWhole = true;
  for (const column of key) {
    if (!isKeyColumn(column, seen, columns, report)) isWhole = false;
    seen.add(column.text);
  }
  const isPrefix = per.length <= key.length && per.every((column, at) => column.text === key[at]?.text);
  if (!isPrefix) {
    report(
      lengthOfPer(
        per[0]?.span ?? name.span,
        key.map((column) => column.text),
      ),
    );
    isWhole = false;
  }
  const most = max ?? BigInt(COLLECTION_DEFAULT);
  if (most < 1n || most > BigInt(COLLECTION_MAX)) {
    report(boundOutOfLimits(name.span, "`max` of rows", 1n, BigInt(COLLECTION_MAX)));
    isWhole = false;
  }
  if (!isWhole) return null;
  const names = key.map((column) => column.text);
  return { name: name.text, key: names, per: Math.max(1, per.length), max: Number(most) };
}

function isKeyColumn(column: Name, seen: ReadonlySet<string>, columns: Fields, report: Report): boolean {
  const type = columns.get(column.text);
  if (type === null) return false;
  if (type === undefined) {
    report(unknownColumn(column, nearest(column.text, columns.keys())));
    return false;
  }
  if (!seen.has(column.text) && KEY_KINDS.has(type.kind)) return true;
  report(wrongKeyColumn(column, seen.has(column.text) ? null : showType(type)));
  return false;
}
