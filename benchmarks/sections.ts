/** The sections, in the order in which they run. Each file is loaded when it is needed. */
import type { Section } from "./section.ts";

const FILES: readonly (readonly [name: string, open: () => Promise<{ readonly section: Section }>])[] = [
  ["decide", () => import("./decide.ts")],
  ["oopsla", () => import("./oopsla.ts")],
  ["rules", () => import("./rules.ts")],
  ["facts", () => import("./facts.ts")],
  ["text", () => import("./text.ts")],
  ["compile", () => import("./compile.ts")],
  ["load", () => import("./load.ts")],
  ["size", () => import("./size.ts")],
  ["memory", () => import("./memory.ts")],
  ["threads", () => import("./threads.ts")],
  ["lineage", () => import("./lineage.ts")],
  ["enforcement", () => import("./enforcement.ts")],
  ["gateway", () => import("./gateway.ts")],
];

export const SECTION_NAMES: readonly string[] = FILES.map(([name]) => name);

export async function openSection(name: string): Promise<Section> {
  const [, open] = FILES.find(([known]) => known === name) ?? [];
  if (open === undefined) throw new Error(`no section is called ${name}`);
  return (await open()).section;
}
