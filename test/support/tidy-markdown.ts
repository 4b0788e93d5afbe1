import { posix } from "node:path";
import type { Finding, Project, ProjectFile, Rule } from "./tidy.ts";

export const markdownRules: readonly (readonly [string, Rule])[] = [
  ["one title", (file) => (isMarkdown(file) ? oneTitle(file) : [])],
  ["links", (file, project) => (isMarkdown(file) ? deadLinks(file, project) : [])],
];

function oneTitle({ text }: ProjectFile): Finding[] {
  const titles = proseLines(text).filter((line) => /^# /.test(line)).length;
  return titles === 1 ? [] : [{ line: 1, message: `${titles} titles (# …), exactly one wanted` }];
}

function deadLinks({ path, text }: ProjectFile, project: Project): Finding[] {
  const findings: Finding[] = [];
  for (const [index, line] of proseLines(text).entries()) {
    for (const match of line.replace(/`[^`]*`/g, "").matchAll(/\]\(\s*<?([^)\s>]+)>?[^)]*\)/g)) {
      const link = match[1] ?? "";
      if (!isAlive(path, link, project)) findings.push({ line: index + 1, message: `dead link ${link}` });
    }
  }
  return findings;
}

function isAlive(path: string, link: string, project: Project): boolean {
  if (/^[a-z][a-z+.-]*:/i.test(link)) return true;
  const [file = "", anchor] = decodeURIComponent(link).split("#");
  const target = file === "" ? path : posix.join(posix.dirname(path), file).replace(/\/$/, "");
  const text = project.get(target);
  if (text === undefined) return anchor === undefined && isFolder(target, project);
  if (anchor === undefined || !target.endsWith(".md")) return true;
  return proseLines(text).some((line) => slugOf(line) === anchor);
}

function isFolder(path: string, project: Project): boolean {
  return path === "." || [...project.keys()].some((other) => other.startsWith(`${path}/`));
}

/** The anchor that renderers make of a heading: lower case, spaces as hyphens, punctuation dropped. */
function slugOf(line: string): string | undefined {
  const heading = /^#{1,6}\s+(.*?)\s*$/.exec(line)?.[1];
  if (heading === undefined) return undefined;
  const lower = heading.toLowerCase();
  return lower.replace(/[^\p{L}\p{N}\s_-]/gu, "").replace(/\s/g, "-");
}

/** The lines, with those in code fences emptied. */
function proseLines(text: string): string[] {
  let fence = "";
  return text.split("\n").map((line) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1] ?? "";
    if (fence === "") {
      fence = mark;
      return mark === "" ? line : "";
    }
    if (mark.startsWith(fence)) fence = "";
    return "";
  });
}

function isMarkdown({ path }: ProjectFile): boolean {
  return path.endsWith(".md");
}
