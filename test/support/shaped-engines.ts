/** Shaped text as each of the three that read it understands it: evaluator, reference interpreter, host. */
import { loadUnsigned } from "@polity/runtime/authoring.ts";
import type { Host } from "@polity/runtime/index.ts";
import type { Shape } from "@polity/runtime/layout.ts";
import { canonicalShape } from "@polity/runtime/shaped-text.ts";
import { canonicalPath } from "../../compiler/interpret/path.ts";
import { readShaped } from "../../compiler/interpret/shaped.ts";
import { buildEvaluator } from "../../compiler/wasm.ts";
import { HEADER } from "./asking.ts";
import { compiled } from "./compiled.ts";

export type TextShape = Shape | "path";

export const TEXT_SHAPES: readonly TextShape[] = [
  ...(["path", "url", "host", "host_pattern", "email", "image", "ip", "cidr"] as const),
];

const ACTIONS = TEXT_SHAPES.map((shape) => {
  return `action ${shape} { text: ${shape}${takesMax(shape) ? " max 65536" : ""} }`;
});

/** Its actions are called by the shapes; each allows whatever is well formed. */
const POLICY = `polity 1
policy test.shapes version 1
${ACTIONS.join("\n")}
allow whatever on ${TEXT_SHAPES.join(", ")} always
`;

function takesMax(shape: TextShape): boolean {
  return shape === "path" || shape === "url";
}

/** The canonical text; null where the text is refused. */
export interface Readings {
  readonly evaluator: string | null;
  readonly reference: string | null;
  readonly host: string | null;
  /** What the evaluator answers. */
  readonly code: string;
}

export async function openShapes(): Promise<(shape: TextShape, text: string) => Readings> {
  const { wasm } = await buildEvaluator(compiled(POLICY));
  const loaded = await loadUnsigned(wasm, { facts: '{"entities":[]}' });
  if (!loaded.ok) throw new Error(loaded.message);
  return (shape, text) => read(loaded.host, shape, text);
}

function read(host: Host, shape: TextShape, text: string): Readings {
  const fields = { text };
  const decision = host.decide(shape, fields, HEADER);
  const executed = host.fieldsToExecute(shape, fields, decision);
  const understood = shape === "path" ? canonicalPath(text) : readShaped(shape, text);
  const isBounded = decision.code !== "input.too_large" && text.isWellFormed();
  return {
    evaluator: decision.paths[0] ?? null,
    reference: isBounded ? (understood ?? null) : null,
    host:
      shape === "path" || decision.verdict === "allow" ? textOf(executed) : hostOf(shape, text, isBounded),
    code: decision.verdict === "allow" ? "allow" : decision.code,
  };
}

function textOf(executed: Readonly<Record<string, unknown>> | null): string | null {
  return typeof executed?.text === "string" ? executed.text : null;
}

function hostOf(shape: Shape, text: string, isBounded: boolean): string | null {
  return isBounded ? canonicalShape(shape, text) : null;
}
