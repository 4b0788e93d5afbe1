/** Values as text: for comparing answers, and for showing requests that JSON cannot write. */

/** Equal texts for equal answers; BigInt, -0, NaN, undefined, holes and prototypes are visible. */
export function show(value: unknown): string {
  return showAny(value, 0);
}

function showAny(value: unknown, depth: number): string {
  try {
    return showSafe(value, depth);
  } catch {
    return "<throws>";
  }
}

function showSafe(value: unknown, depth: number): string {
  if (typeof value === "string")
    return value.length > 400 ? `<text of ${value.length}>` : JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (Object.is(value, -0)) return "-0";
  if (typeof value === "function" || typeof value === "symbol") return `<${typeof value}>`;
  if (typeof value !== "object" || value === null) return String(value);
  if (depth > 12) return "<deep>";
  if (Array.isArray(value)) return showArray(value, depth);
  const prototype: unknown = Object.getPrototypeOf(value);
  const mark =
    prototype === Object.prototype ? "" : prototype === null ? "<no prototype>" : "<other prototype>";
  const members = Object.entries(Object.getOwnPropertyDescriptors(value)).map(([key, property]) => {
    const text = "value" in property ? showAny(property.value, depth + 1) : "<getter>";
    return `${JSON.stringify(key)}:${property.enumerable === true ? "" : "<hidden>"}${text}`;
  });
  return `${mark}{${members.join(",")}}`;
}

function showArray(value: readonly unknown[], depth: number): string {
  if (value.length > 100) return `<array of ${value.length}, ${showAny(value[0], depth + 1)} …>`;
  const members: string[] = [];
  for (let at = 0; at < value.length; at += 1) {
    members.push(at in value ? showAny(value[at], depth + 1) : "<hole>");
  }
  return `[${members.join(",")}]`;
}
