import { digestBytes } from "@polity/runtime/hash.ts";
import { type Invocation, usage } from "./invocation.ts";
import { quoted } from "./words.ts";

/** `sha256:` and 64 hex digits; null where it is not given. */
export function digestOption({ command, values }: Invocation, name: string): string | null {
  const digest = values.get(name) ?? null;
  if (digest === null || digestBytes(digest) !== null) return digest;
  throw usage(command, `--${name} is sha256: and 64 hex digits, not ${quoted(digest)}`);
}
