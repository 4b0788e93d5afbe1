import { type Invocation, usage } from "./invocation.ts";
import { quoted } from "./words.ts";

/** A signed 64-bit integer, as policies have for a version; null where it is not given. */
export function versionOption({ command, values }: Invocation, name: string): bigint | null {
  const written = values.get(name);
  if (written === undefined) return null;
  if (/^(?:0|-?[1-9][0-9]{0,18})$/.test(written)) {
    const version = BigInt(written);
    if (BigInt.asIntN(64, version) === version) return version;
  }
  throw usage(command, `--${name} is a whole number of 64 bits, not ${quoted(written)}`);
}
