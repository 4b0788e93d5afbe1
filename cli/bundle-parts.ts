/** What a bundle is made of, from a set that authors write: evaluators, all their sources, and the facts. */
import type { Checked } from "@polity/compiler/checked.ts";
import { filesOf } from "@polity/compiler/source.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { loadSetUnsigned } from "@polity/runtime/authoring.ts";
import type { MemberParts } from "@polity/runtime/bundle-write.ts";
import { decodeEnvelope } from "@polity/runtime/dsse.ts";
import { decodeFactsStatement } from "@polity/runtime/facts-statement.ts";
import { digestName, utf8 } from "@polity/runtime/hash.ts";
import type { Builder } from "./builder.ts";
import { EXIT, failure } from "./failure.ts";
import { withProgress } from "./progress.ts";
import { nameOf, readBytes } from "./read-file.ts";
import type { OpenedMember } from "./set-members.ts";
import { tellNote } from "./tell.ts";
import { quoted } from "./words.ts";

/** Of a member without a program there are no sources. */
export async function memberParts(
  { name, shadow, path, program, module }: OpenedMember,
  builder: Builder,
): Promise<MemberParts> {
  const checked = program?.checked ?? null;
  if (checked !== null) {
    const { wasm } = await withProgress(`building ${nameOf(path)}`, () => builder.build(checked));
    return { name, shadow, wasm, source: checked.source.file };
  }
  await tellNote(`${quoted(name)} is built already: without sources nobody can build it again`);
  return { name, shadow, wasm: module?.wasm ?? new Uint8Array(0), source: null };
}

/** Every file of these programs, by the names that they have for them. */
export function sourcesOf(members: readonly OpenedMember[]): ReadonlyMap<string, Uint8Array> {
  const programs = members.map(({ program }) => program?.checked ?? null);
  const found = programs.filter((checked): checked is Checked => checked !== null);
  return new Map(
    found.flatMap(({ source }) => filesOf(source).map(({ file, text }) => [file, utf8(text)] as const)),
  );
}

export interface FactsParts {
  readonly snapshot: Uint8Array;
  readonly envelope: Uint8Array;
}

/** Fails where snapshot and envelope do not belong together, or are of another set. */
export async function factsParts(path: string, envelopePath: string, set: string): Promise<FactsParts> {
  const snapshot = await readBytes(path);
  const envelope = await readBytes(envelopePath).catch((error: unknown) => {
    if (!(error instanceof Error)) throw error;
    throw failure(error.message, "pol facts sign writes the envelope; --facts-envelope says where it is");
  });
  const decoded = decodeEnvelope(envelope);
  const read = decoded.ok ? decodeFactsStatement(decoded.envelope.payload) : decoded;
  if (!read.ok)
    throw failure(`${nameOf(envelopePath)} is no envelope of facts: ${read.message}`, AGAIN, EXIT.no);
  const { digest, set: signed } = read.statement;
  const actual = digestName(nodeCrypto.sha256(snapshot));
  if (digest !== actual) {
    throw failure(`${nameOf(envelopePath)} is about other facts: ${digest}, not ${actual}`, AGAIN, EXIT.no);
  }
  if (signed !== set) {
    throw failure(`${nameOf(envelopePath)} is about facts of the set ${quoted(signed)}`, AGAIN, EXIT.no);
  }
  return { snapshot, envelope };
}

const AGAIN = "sign these facts with pol facts sign";

/** Fails for a set that no host would load: nobody should be asked to sign it. */
export async function expectLoads(
  path: string,
  members: readonly MemberParts[],
  facts: FactsParts | null,
): Promise<void> {
  const given = members.map(({ name, shadow, wasm }) => ({ name, shadow, wasm }));
  const loaded = await loadSetUnsigned(given, {
    ...(facts !== null && { facts: facts.snapshot }),
    obligations: "any",
    sha256: nodeCrypto.sha256,
    spare: false,
  });
  if (loaded.ok) return;
  throw failure(`${nameOf(path)} is refused: ${loaded.code}: ${loaded.message}`, null, EXIT.no);
}
