/**
 * What `tsc` leaves as written when it emits: names in our other packages, relative names in declarations,
 * the files of threads, and JSON. All must name what is published: `.js` where the source says `.ts`.
 */

const OURS = /\b(from|import)(\s*\(?\s*)"(@polity\/[^"\n]+)\.ts"/g;
const RELATIVE = /\b(from|import)(\s*\(?\s*)"(\.{1,2}\/[^"\n]+)\.ts"/g;
const THREAD = /\bnew URL\("(\.{1,2}\/[^"\n]+)\.ts", import\.meta\.url\)/g;
const JSON_IMPORT = /^(import \w+ from "\.{1,2}\/[^"\n]+\.json)" with \{ type: "json" \};$/gm;

/** Strings of the program stay as they are: the compiler writes imports too, of a language of its own. */
export function publishedJs(js: string): string {
  return js
    .replace(OURS, '$1$2"$3.js"')
    .replace(THREAD, 'new URL("$1.js", import.meta.url)')
    .replace(JSON_IMPORT, '$1.js";');
}

/** In place of a JSON file: Node 20 knows imports of JSON late, and warns about them. */
export function jsonModule(json: string): string {
  return `export default ${json.trimEnd()};\n`;
}

export function publishedDeclarations(dts: string): string {
  return dts.replace(OURS, '$1$2"$3.js"').replace(RELATIVE, '$1$2"$3.js"');
}
