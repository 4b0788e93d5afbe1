/** Names of a policy for what a server calls its tools and their arguments, which may be any text. */

const NAME_MAX = 64;

/** `get-sum`, `sortBy` and `Sort By` as `get_sum` and `sort_by`. Text without a letter is `unnamed`. */
export function policyName(text: string): string {
  const words = text
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1_$2")
    .replace(/[^A-Za-z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .toLowerCase()
    .slice(0, NAME_MAX);
  if (words === "") return "unnamed";
  return /^[0-9]/.test(words) ? `n${words}` : words;
}

/** What the gateway calls actions of the protocol itself: `mcp_read_resource`. No tool is called so. */
export const PROTOCOL_PREFIX = "mcp_";

/** `policyName` of a tool, but never one of the protocol's own actions. */
export function actionName(tool: string): string {
  const name = policyName(tool);
  return name.startsWith(PROTOCOL_PREFIX) ? `tool_${name}` : name;
}

/** `policyName` in the way of types: `GetSum`. */
export function typeName(...parts: readonly string[]): string {
  return parts
    .map(policyName)
    .flatMap((part) => part.split("_"))
    .map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)
    .join("");
}

/**
 * A name for each text, by the text. Of several that would share one, the first in the order of code units
 * keeps it, the others are numbered: the same texts give the same names, in whatever order they come.
 */
export function namesOf(
  texts: readonly string[],
  reserved: ReadonlySet<string> = new Set(),
  name: (text: string) => string = policyName,
): ReadonlyMap<string, string> {
  const taken = new Set(reserved);
  const names = new Map<string, string>();
  for (const text of [...new Set(texts)].sort()) {
    const base = name(text);
    let chosen = base;
    for (let at = 2; taken.has(chosen); at += 1) chosen = `${base}_${at}`;
    taken.add(chosen);
    names.set(text, chosen);
  }
  return names;
}
