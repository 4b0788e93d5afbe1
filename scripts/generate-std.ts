/**
 * Writes compiler/std.json: the standard library as data, since the compiler reads no files. Run it after a
 * change under std/; a test compares.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";

const folder = new URL("../std/", import.meta.url);

export function stdJson(): string {
  const names = readdirSync(folder)
    .filter((name) => name.endsWith(".pol"))
    .sort();
  const entries = names.map((name) => [
    `std/${name.slice(0, -".pol".length)}`,
    readFileSync(new URL(name, folder), "utf8"),
  ]);
  return `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`;
}

if (import.meta.main) writeFileSync(new URL("../compiler/std.json", folder), stdJson());
