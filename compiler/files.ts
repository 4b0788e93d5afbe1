/** Where the text of an imported file comes from. The compiler reads no disk: whoever calls it does. */

export type Found =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "missing" }
  /** It is there and may not be read; `why` ends the sentence "`x.pol` cannot be imported: …". */
  | { readonly kind: "refused"; readonly why: string };

/** `file` is a path from the project's root, `/` between folders, without `.` and `..`. */
export type FindFile = (file: string) => Found;

export const NO_FILES: FindFile = () => ({ kind: "missing" });

/** Files by name, for whoever has them all in memory. */
export function filesIn(files: ReadonlyMap<string, string>): FindFile {
  return (file) => {
    const text = files.get(file);
    return text === undefined ? { kind: "missing" } : { kind: "text", text };
  };
}
