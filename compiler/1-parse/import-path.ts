/** Which file the text of an import means. */

/** Long enough for any project, short enough for any system. */
const PATH_MAX = 255;

const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9_.-]*$/;

export type Target =
  | { readonly kind: "file"; readonly file: string }
  /** `wrong`: not written as an import is; `outside`: above the root. */
  | { readonly kind: "wrong" | "outside" };

/**
 * `importer` is the name of the importing file. A file of the project is named by its path from the root and
 * ends in `.pol`; a file of the standard library is `std/` and its name, without an ending.
 */
export function importTarget(path: string, importer: string): Target {
  const steps = path.split("/");
  if (path.length > PATH_MAX) return { kind: "wrong" };
  if (steps[0] === "std") {
    return steps.length === 2 && /^[a-z]+$/.test(steps[1] ?? "")
      ? { kind: "file", file: path }
      : { kind: "wrong" };
  }
  const isRelative = steps[0] === "." || steps[0] === "..";
  const ups = steps[0] === "." ? 1 : steps.findIndex((step) => step !== "..");
  const names = steps.slice(ups);
  if (!isRelative || ups < 1 || !names.every((name) => SEGMENT.test(name)) || !/.\.pol$/.test(path)) {
    return { kind: "wrong" };
  }
  const folder = importer.split("/").slice(0, -1);
  const upwards = steps[0] === "." ? 0 : ups;
  // A file of the library has no neighbours in the project.
  if (isOfLibrary(importer) || upwards > folder.length) return { kind: "outside" };
  return { kind: "file", file: [...folder.slice(0, folder.length - upwards), ...names].join("/") };
}

/** Names of a project's files end in `.pol`. */
export function isOfLibrary(file: string): boolean {
  return file.startsWith("std/") && !file.endsWith(".pol");
}
