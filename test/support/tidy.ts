import { importRules } from "./tidy-imports.ts";
import { markdownRules } from "./tidy-markdown.ts";
import { textRules } from "./tidy-text.ts";

/** A file of the repository, or one that a test made up; `path` is relative to the root, with `/`. */
export type ProjectFile = { readonly path: string; readonly text: string };

/** All files, by path. */
export type Project = ReadonlyMap<string, string>;

/** What a rule found; `line` counts from 1, and is 0 where the file as a whole is meant. */
export type Finding = { readonly line: number; readonly message: string };

/** A rule is pure: it knows the file at hand and, for links, which others exist. */
export type Rule = (file: ProjectFile, project: Project) => Finding[];

/** Every rule by its name. Here is only what Biome, tsc and knip cannot say. */
export const RULES: ReadonlyMap<string, Rule> = new Map([...importRules, ...textRules, ...markdownRules]);

/** All findings of all rules, each as one line `path:line: rule: message`, sorted. */
export function tidy(project: Project): string[] {
  const findings: string[] = [];
  for (const [path, text] of project) {
    for (const [name, rule] of RULES) {
      for (const { line, message } of rule({ path, text }, project)) {
        findings.push(`${path}:${line}: ${name}: ${message}`);
      }
    }
  }
  return findings.sort();
}
