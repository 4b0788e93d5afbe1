/** The manifest's `tables`: keys and bounds, as canonical JSON and back. */
import { COLLECTION_MAX, KEY_COLUMNS_MAX, KEY_KINDS, type Table, type Types } from "./layout.ts";
import { array, ascending, integer, members, name, refuse } from "./shape.ts";

export function tablesJson(tables: readonly Table[]): readonly unknown[] {
  return tables.map(({ key, max, name: table, per }) => ({ key, max, name: table, per }));
}

/** The columns of each are those of the record of its name. */
export function readTables(json: unknown, { records }: Types): readonly Table[] {
  const tables = array(json, "tables", (table, where): Table => {
    const read = members(table, where, ["key", "max", "name", "per"]);
    const tableName = name(read.name, where);
    const columns = records.get(tableName) ?? refuse(where, `no record ${tableName}`);
    const key = array(read.key, where, name);
    if (key.length > KEY_COLUMNS_MAX || new Set(key).size !== key.length) refuse(where, "wrong key");
    for (const column of key) {
      const type = columns.find((field) => field.name === column)?.type;
      if (type === undefined || !KEY_KINDS.has(type.kind)) refuse(where, `no key of ${column}`);
    }
    const per = integer(read.per, where, 1, key.length);
    return { name: tableName, key, per, max: integer(read.max, where, 1, COLLECTION_MAX) };
  });
  if (tables.length === 0) refuse("tables", "none");
  ascending(
    tables.map((table) => table.name),
    "tables",
  );
  return tables;
}
