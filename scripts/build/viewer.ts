/** The proof viewer: one HTML file with everything in it, and a policy that lets it do nothing else. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const FOLDER = new URL("../../lineage/viewer/", import.meta.url);

/** The same sources give the same bytes. */
export async function viewerPage(): Promise<string> {
  const script = await bundled("page.ts");
  const style = await bundled("page.css");
  // Only these two texts may act, and nothing may be fetched, framed, sent or opened.
  const policy = [
    "default-src 'none'",
    `script-src '${hashOf(script)}'`,
    `style-src '${hashOf(style)}'`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  const template = readFileSync(new URL("page.html", FOLDER), "utf8");
  const page = fill(template, 'Content-Security-Policy" content="', policy);
  return fill(fill(page, "<style>", style), '<script type="module">', script);
}

/** Puts a text behind the one place where `mark` stands. */
function fill(page: string, mark: string, text: string): string {
  const [before, after, ...more] = page.split(mark);
  if (before === undefined || after === undefined || more.length > 0) throw new Error(`not once: ${mark}`);
  return before + mark + text + after;
}

async function bundled(name: string): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL(name, FOLDER))],
    bundle: true,
    format: "esm",
    target: "es2022",
    platform: "browser",
    minify: true,
    write: false,
    legalComments: "none",
  });
  const text = outputFiles[0]?.text ?? "";
  // The text stands in a page: nothing in it may end the element.
  if (/<\/(?:script|style)/i.test(text)) throw new Error(`${name} would end its own element`);
  return text;
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}
