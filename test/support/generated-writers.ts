/** Generated writers as a service imports them: from a file. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { GeneratedWriter } from "@polity/runtime/generated-writers.ts";

export async function importWriters(text: string): Promise<readonly GeneratedWriter[]> {
  const folder = mkdtempSync(join(tmpdir(), "polity-writers-"));
  try {
    const file = join(folder, "writers.js");
    writeFileSync(file, text);
    const url = pathToFileURL(file).href;
    const { writers } = (await import(/* @vite-ignore */ url)) as { writers: readonly GeneratedWriter[] };
    return writers;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
