/** The members of entries as text: for the documentation, and to notice that version 1 changed. */
import { COMMON_ROWS, ENTRY_SHAPES, LIMITS } from "@polity/lineage/entry-schema.ts";
import type { ShapeRow } from "@polity/lineage/entry-shape.ts";

function ownRows(rows: readonly ShapeRow[]): readonly ShapeRow[] {
  const common = new Set(COMMON_ROWS.map(({ path }) => path));
  return rows.filter(({ path }) => path !== "kind" && !common.has(path));
}

/** Lines of a Markdown table. */
export function entryTable(): readonly string[] {
  const groups: readonly (readonly [string, readonly ShapeRow[]])[] = [
    ["all", COMMON_ROWS],
    ...Object.entries(ENTRY_SHAPES).map(([kind, { inside }]) => [kind, ownRows(inside)] as const),
  ];
  const rows = groups.flatMap(([kind, members]) =>
    members.map(({ path, says }, at) => `| ${at === 0 ? `**${kind}**` : ""} | \`${path}\` | ${says} |`),
  );
  return ["| kind | member | is |", "|---|---|---|", ...rows];
}

/** All that is said of version 1: the table, and what its words stand for in numbers. */
export function entrySchema(): string {
  const limits = Object.entries(LIMITS).map(([name, value]) => `${name} ${value}`);
  return `${[...entryTable(), "", ...limits].join("\n")}\n`;
}
