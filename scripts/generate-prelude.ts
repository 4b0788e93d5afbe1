/**
 * Writes compiler/4-emit/prelude.json: the AssemblyScript support library as data, since the compiler reads
 * no files. Run it after a change under compiler/4-emit/prelude/; a test compares.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const folder = new URL("../compiler/4-emit/prelude/", import.meta.url);

export function preludeJson(): string {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".ts"))
    .sort();
  const entries = names.map((name) => [`prelude/${name}`, readFileSync(new URL(name, folder), "utf8")]);
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
}

if (import.meta.main) writeFileSync(new URL("../prelude.json", folder), preludeJson());
