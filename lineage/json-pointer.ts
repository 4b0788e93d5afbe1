/** JSON pointers (RFC 6901) into parsed JSON. */

/** The keys that a pointer names, unescaped; null where it is no pointer. The empty one names the whole. */
export function pointerParts(pointer: string): readonly string[] | null {
  if (pointer === "") return [];
  if (!pointer.startsWith("/") || /~(?![01])/.test(pointer)) return null;
  const parts = pointer.slice(1).split("/");
  // `~01` is `~1` and not `/`: that is why `~1` comes first (RFC 6901, 4).
  return parts.map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Undefined where there is nothing. */
export function valueAt(json: unknown, parts: readonly string[]): { readonly value: unknown } | undefined {
  let value = json;
  for (const part of parts) {
    if (typeof value !== "object" || value === null || !Object.hasOwn(value, part)) return undefined;
    // Of a list's own properties, all but `length` are places, and written in one way.
    if (Array.isArray(value) && part === "length") return undefined;
    value = (value as Readonly<Record<string, unknown>>)[part];
  }
  return { value };
}

/** The same JSON with another value at a place that there is. */
export function replaceAt(json: unknown, parts: readonly string[], value: unknown): unknown {
  const [part, ...rest] = parts;
  if (part === undefined) return value;
  if (Array.isArray(json)) {
    const at = Number(part);
    return json.with(at, replaceAt(json[at], rest, value));
  }
  const object = json as Readonly<Record<string, unknown>>;
  const members = Object.entries(object);
  return Object.fromEntries(
    members.map(([key, member]) => [key, key === part ? replaceAt(member, rest, value) : member]),
  );
}
