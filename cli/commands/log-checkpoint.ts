import { EXIT } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { readSigner } from "../key-files.ts";
import { anchorOption, openToSign, signHead } from "../log-folder.ts";
import { headLines } from "../render-log.ts";
import { printLine, write } from "../terminal.ts";

export async function run(invocation: Invocation): Promise<number> {
  const { operands, values, switches } = invocation;
  const [dir = ""] = operands;
  const signer = await readSigner(values.get("key") ?? "");
  const witnesses = values.get("witnesses") ?? null;
  const store = await openToSign({ dir, anchor: anchorOption(invocation), witnesses }, signer);
  try {
    const head = await signHead(store, dir, witnesses !== null);
    if (switches.has("json")) await printLine(JSON.stringify({ ok: true, ...head }));
    else await write(headLines(head));
    return EXIT.done;
  } finally {
    await store.close();
  }
}
