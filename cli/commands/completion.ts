import { completionScript } from "../completion-script.ts";
import { EXIT } from "../failure.ts";
import type { Invocation } from "../invocation.ts";
import { printLine, write } from "../terminal.ts";

export async function run({ operands, switches }: Invocation): Promise<number> {
  const shell = operands[0] as "bash" | "zsh" | "fish";
  const script = completionScript(shell);
  if (switches.has("json")) await printLine(JSON.stringify({ shell, script }));
  else await write(script);
  return EXIT.done;
}
