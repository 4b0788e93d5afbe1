/**
 * Writers that `pol build --emit writers` generated for the actions of one policy (generate.ts), and which a
 * service bundles like its other code: nothing is generated at run time.
 */
import type { ActionPlan } from "./plan.ts";
import type { QuickWriter, Step, Steps } from "./steps.ts";

export interface GeneratedWriter {
  /** What it was generated for: it writes for actions alone that have the same outline. */
  readonly outline: string;
  readonly write: QuickWriter;
}

/** Changes with what generated text takes for granted about the host. */
const VERSION = 2;

/** All that the text of a writer depends on, fields in the order of their slots. */
export function outlineOf({ byName }: Steps): string {
  const outline = ({ name, kind, word, limit, members, range }: Readonly<Step>) => {
    return [name, kind, word, limit, members.names, String(range.min), String(range.max)];
  };
  return JSON.stringify([VERSION, ...[...byName.values()].map(outline)]);
}

/** Writers for actions that are otherwise are left alone: such requests are written by table. */
export function adoptWriters(
  actions: ReadonlyMap<string, ActionPlan>,
  writers: readonly GeneratedWriter[],
): void {
  for (const { usual } of actions.values()) {
    if (usual === null || writers.length === 0) continue;
    const outline = outlineOf(usual);
    const found = writers.find((writer) => writer.outline === outline);
    usual.write = found?.write ?? null;
  }
}

/** What a service gave, read once; throws what it throws. */
export function copyWriters(writers: readonly GeneratedWriter[] | undefined): readonly GeneratedWriter[] {
  if (writers === undefined) return [];
  if (!Array.isArray(writers))
    throw new TypeError("writers are a list: import `writers` of the generated file");
  return writers.map(({ outline, write }) => {
    if (typeof write !== "function")
      throw new TypeError("a writer without a function: generate the file anew");
    return { outline, write };
  });
}
