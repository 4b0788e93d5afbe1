/** The standard library: the files of `std/`, which every program may import. */

import type { FindFile } from "./files.ts";
import texts from "./std.json" with { type: "json" };

const BY_NAME: ReadonlyMap<string, string> = new Map(Object.entries(texts));

/** Sorted: `std/http` and so on. */
export const STD_FILES: readonly string[] = [...BY_NAME.keys()];

export const findStd: FindFile = (file) => {
  const text = BY_NAME.get(file);
  return text === undefined ? { kind: "missing" } : { kind: "text", text };
};
