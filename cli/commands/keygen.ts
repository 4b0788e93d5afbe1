import { advised, EXIT, failure, IS_THERE } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { type KeyPair, writeKeyPair } from "../key-files.ts";
import { columns } from "../table.ts";
import { printLine, write } from "../terminal.ts";
import { quoted, visible } from "../words.ts";

export async function run({ values, switches }: Invocation): Promise<number> {
  const name = values.get("output") ?? "";
  if (name === "-") throw failure("keys are not written to standard output", "name the files with -o");
  // `release.pub` would make a private key that is called like a public one.
  if (/\.(?:pem|pub)$/.test(name)) {
    throw failure(`${quoted(name)} would become ${quoted(`${name}.pem`)}`, "give the name alone: -o release");
  }
  const { id, privateKey, publicKey } = newKeyPair(name);
  if (switches.has("json")) {
    await printLine(JSON.stringify({ keyId: id, privateKey, publicKey }));
    return EXIT.done;
  }
  const rows = [
    ["key id", id],
    ["private", `${visible(privateKey)} (keep it secret: whoever has it signs as you)`],
    ["public", `${visible(publicKey)} (give it to whoever is to trust you)`],
  ];
  await write(`${columns(rows).join("\n")}\n`);
  return EXIT.done;
}

function newKeyPair(name: string): KeyPair {
  try {
    return writeKeyPair(name);
  } catch (error) {
    const isThere = error instanceof Error && error.message.endsWith(IS_THERE);
    throw isThere ? advised(error, "a key is never overwritten: choose another name") : error;
  }
}
