/** An entry, or an opened request, as a table: one row for each value, nested ones by their path. */
import type { OpenedRequest } from "../proof-report.ts";
import { element } from "./elements.ts";

const ROWS_MAX = 400;

export function valueTable(value: unknown, marks: ReadonlyMap<string, string>): HTMLElement {
  const rows: HTMLElement[] = [];
  addRows(value, "", marks, rows);
  const body = element("tbody", "", ...rows.slice(0, ROWS_MAX));
  const table = element("table", "values", body);
  if (rows.length > ROWS_MAX) {
    body.append(element("tr", "", element("td", "more", `and ${rows.length - ROWS_MAX} more values`)));
  }
  return table;
}

/** What is known of the fields that were committed to on their own. */
export function marksOf({ erased, opened }: OpenedRequest): ReadonlyMap<string, string> {
  return new Map([
    ...erased.map((pointer): [string, string] => [pointer, "erased"]),
    ...opened.map((pointer): [string, string] => [pointer, "fits its own commitment"]),
  ]);
}

function addRows(
  value: unknown,
  pointer: string,
  marks: ReadonlyMap<string, string>,
  rows: HTMLElement[],
): void {
  if (rows.length > ROWS_MAX * 2) return;
  const mark = marks.get(pointer);
  if (mark !== undefined || typeof value !== "object" || value === null || isEmpty(value)) {
    rows.push(row(pointer, mark === "erased" ? "" : textOf(value), mark));
    return;
  }
  for (const [name, part] of Object.entries(value)) {
    addRows(part, `${pointer}/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`, marks, rows);
  }
}

function row(pointer: string, text: string, mark: string | undefined): HTMLElement {
  const name = pointer === "" ? "value" : pointer.slice(1).replaceAll("/", " › ");
  const cell = element("td", "", text);
  if (mark !== undefined) cell.append(element("span", mark === "erased" ? "mark gone" : "mark", mark));
  return element("tr", "", element("th", "", name), cell);
}

function isEmpty(value: object): boolean {
  return Object.keys(value).length === 0;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
