import { EXIT } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { readSigner } from "../key-files.ts";
import { openToSign, signHead } from "../log-folder.ts";
import { headLines } from "../render-log.ts";
import { printLine, write } from "../terminal.ts";

export async function run({ operands, values, switches }: Invocation): Promise<number> {
  const [dir = ""] = operands;
  const signer = await readSigner(values.get("key") ?? "");
  const store = await openToSign(dir, signer);
  try {
    const head = await signHead(store, dir);
    if (switches.has("json")) await printLine(JSON.stringify({ ok: true, ...head }));
    else await write(headLines(head));
    return EXIT.done;
  } finally {
    await store.close();
  }
}
