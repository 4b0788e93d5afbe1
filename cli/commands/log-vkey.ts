import { cosignerKey, encodeCosignerVkey } from "@polity/lineage/cosignature.ts";
import { nodeCrypto } from "@polity/lineage/node/crypto.ts";
import { encodeVkey, noteKey } from "@polity/lineage/note.ts";
import type { PublicKey } from "@polity/runtime/keys.ts";
import { EXIT } from "../failure.ts";
import { type Invocation, usage } from "../invocation.ts";
import { readTrusted } from "../key-files.ts";
import { originOption } from "../log-folder.ts";
import { printLine } from "../terminal.ts";
import { quoted } from "../words.ts";

export async function run(invocation: Invocation): Promise<number> {
  const { command, operands, values, switches } = invocation;
  const name = values.get("name") ?? "";
  const isWitness = switches.has("witness");
  const key = await readTrusted(operands[0] ?? "");
  const vkey = isWitness
    ? witnessVkey(name, key)
    : logVkey({ ...invocation, values: originOf(name) }, name, key);
  if (vkey === null) {
    const like = "like witness.example/w1: no space, no +, at most 255 bytes";
    throw usage(command, `${quoted(name)} is no name of a witness`, like);
  }
  if (switches.has("json")) {
    const kind = isWitness ? "witness" : "log";
    await printLine(JSON.stringify({ ok: true, kind, name, vkey }));
  } else await printLine(vkey);
  return EXIT.done;
}

function witnessVkey(name: string, key: PublicKey): string | null {
  const made = cosignerKey(name, key, nodeCrypto.sha256);
  return made.ok ? encodeCosignerVkey(made.key) : null;
}

/** A log's name is its origin, which is narrower than what names a key. */
function logVkey(invocation: Invocation, name: string, key: PublicKey): string | null {
  originOption(invocation);
  const made = noteKey(name, key, nodeCrypto.sha256);
  return made.ok ? encodeVkey(made.key) : null;
}

function originOf(name: string): ReadonlyMap<string, string> {
  return new Map([["origin", name]]);
}
