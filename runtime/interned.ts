/**
 * The same text as the engine keeps it for the keys of objects, of which there is one each. Keys of requests
 * are such texts, and so are short values from `JSON.parse`: two of them are compared by their addresses.
 */
export function interned(text: string): string {
  for (const key in { [text]: null }) return key;
  return text;
}
