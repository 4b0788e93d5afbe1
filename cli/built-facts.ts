/** Facts of any form as the file that an evaluator loads at once. */
import { nodeCrypto, nodeHashing } from "@polity/lineage/node/crypto.ts";
import { buildFacts } from "@polity/runtime/facts.ts";
import { aboutOf, encodeFactsFile } from "@polity/runtime/facts-file.ts";
import { type LineRefusal, readFactsLines } from "@polity/runtime/facts-lines.ts";
import type { FactsSchema } from "@polity/runtime/facts-read.ts";
import type { Manifest } from "@polity/runtime/manifest.ts";
import { makeProgram } from "@polity/runtime/program.ts";
import { refusalText } from "./engines.ts";
import { startProgress } from "./progress.ts";
import { nameOf, readBytes, readChunks } from "./read-file.ts";

interface Block {
  readonly block: Uint8Array;
  /** Of the bytes of the file. */
  readonly digest: Uint8Array;
}

export interface Refused {
  readonly refusal: LineRefusal;
}

/** By the ending of the name. */
export function isLines(path: string): boolean {
  return /\.(?:jsonl|ndjson)$/i.test(path);
}

/** The file's bytes, or why the facts are refused; fails where they cannot be read. */
export async function builtFile(manifest: Manifest, path: string): Promise<Uint8Array | Refused> {
  const { facts: schema } = makeProgram(manifest);
  const built = await (isLines(path) ? linesBlock(schema, path) : jsonBlock(schema, path));
  if ("refusal" in built) return built;
  return encodeFactsFile(aboutOf(manifest), built.block, built.digest, nodeCrypto.sha256);
}

/** `facts.cycle: in itself through its groups (Team::"a"), line 3` */
export function lineRefusalText(refusal: LineRefusal): string {
  return `${refusalText(refusal)}${refusal.line === null ? "" : `, line ${refusal.line}`}`;
}

async function jsonBlock(schema: FactsSchema, path: string): Promise<Block | Refused> {
  const built = buildFacts(schema, await readBytes(path), nodeCrypto.sha256);
  return built.ok ? built : { refusal: { ...built.refusal, line: null } };
}

async function linesBlock(schema: FactsSchema, path: string): Promise<Block | Refused> {
  const progress = startProgress(`reading ${nameOf(path)}`);
  const reader = readFactsLines(schema);
  const hashing = nodeHashing();
  let shown = 0;
  try {
    for await (const chunk of readChunks(path)) {
      hashing.update(chunk);
      const refusal = reader.push(chunk);
      if (refusal !== null) return { refusal };
      progress.step(reader.entities() - shown);
      shown = reader.entities();
    }
    const digest = hashing.digest();
    const block = reader.finish(digest);
    return "code" in block ? { refusal: block } : { block, digest };
  } finally {
    await progress.stop();
  }
}
