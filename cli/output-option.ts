import { failure } from "./failure.ts";
import { type Invocation, usage } from "./invocation.ts";
import { nameOf } from "./read-file.ts";
import { expectWritable, isSameFile } from "./write-file.ts";

export const STANDARD_OUTPUT = "-";

/**
 * Where to write, `usual` where nothing is said; fails before any work is done where that cannot be meant.
 * `inputs` are read by the same command and must stay as they are.
 */
export function outputOption(
  { command, values, switches }: Invocation,
  usual: string,
  inputs: readonly string[],
): string {
  const output = values.get("output") ?? usual;
  if (output === STANDARD_OUTPUT) {
    if (switches.has("json")) throw usage(command, "--json and -o - both want standard output");
    return output;
  }
  expectWritable(output);
  const overwritten = inputs.find((input) => isSameFile(input, output));
  if (overwritten !== undefined) throw failure(`${nameOf(output)} is one of the files that are read`);
  return output;
}

/** `payments.wasm` with another ending: `payments.dsse.json`. */
export function withEnding(path: string, from: string, to: string): string {
  return `${path.endsWith(from) ? path.slice(0, -from.length) : path}${to}`;
}
