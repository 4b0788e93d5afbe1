/** A file that is a policy or an evaluator: which of both, and the policy checked. */
import type { Checked } from "@polity/compiler/checked.ts";
import { failure } from "./failure.ts";
import { nameOf, utf8Text } from "./read-file.ts";
import { tellFindings } from "./tell.ts";

const MODULE_START = [0x00, 0x61, 0x73, 0x6d];

export function isModule(bytes: Uint8Array): boolean {
  return MODULE_START.every((byte, at) => bytes[at] === byte);
}

/** Null where the policy has errors, which are told. */
export async function soundPolicy(
  path: string,
  root: string | null,
  bytes: Uint8Array,
): Promise<Checked | null> {
  const text = utf8Text(bytes);
  if (text === null) throw failure(`${nameOf(path)} is neither a policy nor an evaluator`);
  // An evaluator needs no compiler, so it does not wait until one is loaded.
  const { compileText } = await import("./compile-file.ts");
  const { checked, findings } = compileText(path, root, text);
  await tellFindings(findings);
  return checked;
}
