/** A member of a bundle, compiled once more from the sources that lie beside it. */
import { filesIn } from "@polity/compiler/files.ts";
import { compile } from "@polity/compiler/pipeline.ts";
import { filesOf } from "@polity/compiler/source.ts";
import { ASSEMBLER, COMPILER } from "@polity/compiler/version.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import type { BundleFiles } from "@polity/runtime/archive.ts";
import type { BundledMember } from "@polity/runtime/bundle-contents.ts";
import { sourcePath } from "@polity/runtime/bundle-paths.ts";
import { digestName, utf8 } from "@polity/runtime/hash.ts";
import type { Builder } from "./builder.ts";
import { utf8Text } from "./read-file.ts";

/** What came of building one member again. */
export interface Rebuilt {
  readonly name: string;
  readonly result: "same" | "different" | "not_built";
  /** What the bundle has. */
  readonly evaluator: string;
  /** What this pol makes; null where it was not built. */
  readonly built: string | null;
  readonly why: string | null;
}

/** `contents`: the files of the bundle, which are those that its manifest lists. */
export async function rebuildMember(
  member: BundledMember,
  contents: BundleFiles,
  builder: Builder,
): Promise<Rebuilt> {
  const { name, digest: evaluator, source } = member;
  const no = (why: string): Rebuilt => ({ name, result: "not_built", evaluator, built: null, why });
  if (source === null) return no("the bundle has no sources of it");
  if (member.compiler !== COMPILER) return no(`it needs ${member.compiler}, and this is ${COMPILER}`);
  if (member.assembler !== ASSEMBLER) return no(`it needs ${member.assembler}, and this has ${ASSEMBLER}`);
  const texts = new Map(
    member.sources.map(({ file }) => [file, utf8Text(contents.get(sourcePath(file))!) ?? ""] as const),
  );
  const compiled = compile({ file: source, text: texts.get(source) ?? "" }, filesIn(texts));
  const other = otherLibrary(member, filesOf(compiled.source));
  if (other !== null) return no(`${other} is another one here: it needs the pol that built it`);
  if (compiled.value === null) {
    const first = compiled.diagnostics.find(({ severity }) => severity === "error");
    return no(`its sources have errors: ${first?.code ?? ""} ${first?.message ?? ""}`);
  }
  const { wasm } = await builder.build(compiled.value);
  const built = digestName(nodeCrypto.sha256(wasm));
  const result = built === evaluator ? "same" : "different";
  return { name, result, evaluator, built, why: result === "same" ? null : `this pol makes ${built}` };
}

/** A file of the library that this compiler brings with other content. */
function otherLibrary(
  { sources }: BundledMember,
  files: readonly { readonly file: string; readonly text: string }[],
): string | null {
  const digests = new Map(sources.map(({ file, sha256 }) => [file, sha256]));
  const other = files.find(
    ({ file, text }) => digests.get(file) !== digestName(nodeCrypto.sha256(utf8(text))),
  );
  return other?.file ?? null;
}
